/** A thread that offers methods through the control plane, for the tests of it. */
import { type MessagePort, workerData } from 'node:worker_threads'
import { exposeControl } from '#src/bridge/control.js'
import { LaneError } from '#src/core/errors.js'

export const PEER_METHODS = ['greet', 'add', 'refuse', 'never', 'exit', 'giveUncloneable'] as const

export type PeerMethods = {
  readonly greet: (name: string) => string
  readonly add: (a: number, b: number) => Promise<number>
  readonly refuse: () => never
  readonly never: () => Promise<void>
  readonly exit: () => void
  readonly giveUncloneable: () => () => void
}

export const peerMethods: PeerMethods = {
  greet: name => `hello ${name}`,
  add: async (a, b) => a + b,
  refuse: () => {
    throw new LaneError('ERR_LANE_EXITED', 'bulk', 'it is gone', {
      exitCode: 3,
      cause: new RangeError('why'),
    })
  },
  never: () => new Promise(() => {}),
  exit: () => process.exit(0),
  giveUncloneable: () => () => {},
}

const data = workerData as { readonly control?: MessagePort } | null
if (data?.control !== undefined) exposeControl(data.control, peerMethods)
