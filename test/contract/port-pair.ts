import type { suite } from 'uvu'
import type { Port } from '#src/bridge/port.js'

/** Two connected ports, and a way to wait for what is under way between them. */
export interface PortPair {
  readonly near: Port
  readonly far: Port
  /** Resolves when all that was posted has been delivered where somebody listens, and all ends have been told. */
  quiet(): Promise<void>
}

/** What the log of a port shows for its end. */
export const END = 'the end'

/** Notes what comes to a port, and its end. */
export function listenTo(port: Port): unknown[] {
  const log: unknown[] = []
  port.listen(
    message => log.push(message),
    () => log.push(END),
  )
  return log
}

/** All messages that can be taken now. */
export function takeAll(port: Port): unknown[] {
  const messages: unknown[] = []
  for (let next = port.take(); next !== undefined; next = port.take()) messages.push(next.message)
  return messages
}

/** Adds tests that are each given a pair of their own. */
export function testsOnPairs(test: ReturnType<typeof suite>, makePair: () => PortPair) {
  return (what: string, run: (pair: PortPair) => Promise<void>): void => {
    test(what, async () => {
      const pair = makePair()
      try {
        await run(pair)
      } finally {
        pair.near.close()
        pair.far.close()
        await pair.quiet()
      }
    })
  }
}
