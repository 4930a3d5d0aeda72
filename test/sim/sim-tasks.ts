import type { TaskHandle } from '#src/lanes/task-handle.js'
import type { NestedCalls } from './sim-calls.js'
import type { SimHandles } from './sim-handles.js'
import type { SimThread } from './sim-thread.js'
import type { SimWorld } from './sim-world.js'

/** What simulated tasks are told of where they run. */
export interface SimTaskHost {
  readonly world: SimWorld
  readonly thread: SimThread
  /** How tasks submit others, where they do. */
  readonly calls: NestedCalls | null
  /** What tasks do with handles of others, where they are given any. */
  readonly handles: SimHandles | null
}

export type SimTask = (host: SimTaskHost, ...args: unknown[]) => unknown

/** The functions of a simulated task module, in the order of their names. */
export function functionsOf(
  tasks: Readonly<Record<string, SimTask>>,
  host: SimTaskHost,
): ((...args: unknown[]) => unknown)[] {
  const names = Object.keys(tasks).sort()
  return names.map(
    name =>
      (...args: unknown[]) =>
        tasks[name]!(host, ...args),
  )
}

/** What a task has answered, which some do in an object. */
export function answerIn(payload: unknown): unknown {
  return typeof payload === 'object' && payload !== null ? (payload as { value?: unknown }).value : payload
}

/** What simulated threads can run, each in a way of its own of taking time, or of failing. */
export const SIM_TASKS: Readonly<Record<string, SimTask>> = {
  quick: (_, value) => value,
  throws: () => {
    throw new TypeError('simulated')
  },
  waits: ({ world, thread }, value) =>
    new Promise(resolve => {
      thread.timers.after(world.random.below(30), () => resolve(value))
    }),
  slow: ({ world }, value) => {
    world.advance(world.random.below(8))
    return value
  },
  brief: ({ world }, value) => {
    world.advance(world.random.next() / 2)
    return value
  },
  /** Holds its loop for long, while all others go on. */
  holds: ({ world }, value) => {
    const until = world.now() + world.random.pick([10, 60, 400])
    while (world.now() < until) {
      world.advance(1 + world.random.next() * 20)
      world.meanwhile(3)
      world.reach('in a task that holds its loop')
    }
    return value
  },
  /** Holds its loop in native code, where nobody can end it. */
  native: ({ world, thread }, value) => {
    thread.native.run(() => {
      const until = world.now() + world.random.pick([60, 300])
      while (world.now() < until) {
        world.advance(1 + world.random.next() * 20)
        world.meanwhile(3)
      }
    })
    return value
  },
  /** Goes into native code after it has waited: its loop is silent, and does not show who holds it. */
  nativeLater: ({ world, thread }, value) =>
    new Promise(resolve => {
      thread.timers.after(world.random.below(10), () =>
        thread.native.goSilent(world.random.pick([100, 700]), () => resolve(value)),
      )
    }),
  heedsAbort: ({ world, thread }, value) =>
    new Promise(resolve => {
      thread.onAbort(() => resolve(value))
      thread.timers.after(world.random.below(60), () => resolve(value))
    }),
  ignoresAbort: ({ world, thread }, value) =>
    new Promise(resolve => {
      thread.timers.after(400 + world.random.below(400), () => resolve(value))
    }),
  blamed: ({ world, thread }) => {
    thread.throwLater(new TypeError('simulated'), world.random.below(10))
    return new Promise(() => {})
  },
  uncloneable: () => () => 0,
  /** Its result has users' code run as it is read. */
  read: ({ world }, value) => ({
    get value() {
      world.usersCode?.('a result')
      return value
    },
  }),
  /** Its result can be read at times. */
  fickle: ({ world }, value) => ({
    get value() {
      world.usersCode?.('a result')
      if (world.random.chance(0.5)) throw new RangeError('not this time')
      return value
    },
  }),
  sizeOf: (_, buffer) => (buffer as ArrayBuffer).byteLength,
  exits: ({ thread }) => thread.exit(7),
  /** Has others do a part of it. */
  calls: ({ thread, calls }, value) => calls!.begin(thread, value),
  /** Is given the handle of another. */
  awaits: ({ thread, handles }, value, handle, owner) =>
    handles!.begin(thread, value, handle as TaskHandle, owner as number),
}
