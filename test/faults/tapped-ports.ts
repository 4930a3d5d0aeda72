import type { MessagePort } from 'node:worker_threads'

/** What is known of a thread's ports from what it has posted on them. */
export interface Tapped {
  /** The last port of each kind. */
  readonly ports: ReadonlyMap<string, MessagePort>
  /** The last message of each kind. */
  readonly last: ReadonlyMap<string, unknown>
  /** Posts as if nobody listened in. */
  stop(): void
}

/**
 * Listens in to what is posted on this thread: nobody hands out the library's own ports.
 *
 * @param prototype that of all ports
 * @param kindOf the kind of port a message goes to; undefined if it is of no interest
 */
export function tapPorts(prototype: MessagePort, kindOf: (message: unknown) => string | undefined): Tapped {
  const { postMessage } = prototype
  const ports = new Map<string, MessagePort>()
  const last = new Map<string, unknown>()
  prototype.postMessage = function (this: MessagePort, ...args: Parameters<typeof postMessage>): void {
    const kind = kindOf(args[0])
    if (kind !== undefined) {
      ports.set(kind, this)
      last.set(kind, args[0])
    }
    postMessage.apply(this, args)
  }
  const stop = (): void => {
    prototype.postMessage = postMessage
  }
  return { ports, last, stop }
}
