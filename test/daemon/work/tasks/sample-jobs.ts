import { setTimeout as sleep } from 'node:timers/promises'
import type { JobContext } from '#daemon/work/job-context.js'

export const notAFunction = { a: 1 }

export function echo(input: unknown, { id, name, attempt }: JobContext): unknown {
  return { input: input === undefined ? 'none' : input, id, name, attempt }
}

export function nothing(): void {}

export async function logLines({ lines }: { lines: number }, context: JobContext): Promise<void> {
  for (let i = 0; i < lines; i++) context.log(`line ${i} of ${context.name}`)
}

/** Logs, then waits for its end. */
export async function logAndWait(_: unknown, context: JobContext): Promise<string> {
  context.log('it waits')
  await new Promise(resolve => context.signal.addEventListener('abort', resolve, { once: true }))
  context.log(`aborted: ${(context.signal.reason as Error).name}`)
  return 'late'
}

/** Holds its thread, and logs all the time, until it is told by shared memory. */
export function logWhileHolding(_: unknown, context: JobContext): void {
  const end = performance.now() + 1_000
  for (let i = 0; performance.now() < end; i++) if (i % 1000 === 0) context.log(`round ${i}`)
}

class OrderError extends Error {
  readonly code = 'ERR_ORDER'
  override readonly name = 'OrderError'
}

export async function throwing({ what }: { what: string }): Promise<void> {
  await sleep(1)
  switch (what) {
    case 'own':
      throw new OrderError('no such order', { cause: new TypeError('the deeper reason') })
    case 'null':
      throw null
    case 'text':
      throw 'just text'
    case 'function':
      throw () => 1
    case 'symbol':
      throw Symbol('odd')
    case 'huge':
      throw new Error('x'.repeat(10_000_000))
    case 'getter':
      throw Object.defineProperty(new Error('seen'), 'code', {
        get() {
          throw new Error('from the getter')
        },
      })
    case 'proxy':
      throw new Proxy(
        {},
        {
          getPrototypeOf() {
            throw new Error('from the trap')
          },
        },
      )
  }
}

export function throwingAtOnce(): never {
  throw new RangeError('at once')
}

export function returning({ what }: { what: string }): unknown {
  const cycle: Record<string, unknown> = {}
  cycle.itself = cycle
  const values: Record<string, unknown> = {
    cycle,
    bigint: 1n,
    function: () => 1,
    symbol: Symbol('odd'),
    large: 'x'.repeat(1024 * 1024 - 2),
    tooLarge: 'x'.repeat(1024 * 1024 - 1),
    date: new Date(0),
    toJson: {
      toJSON() {
        throw new Error('refused')
      },
    },
  }
  return values[what]
}

export function exit(): never {
  process.exit(7)
}
