import type * as tasks from '../../tasks/empty.js'

export type EmptyTask = keyof typeof tasks

/** One way of having a task run on one other thread. */
export interface Contender {
  /** How many tasks one call stands for. */
  readonly tasksPerCall: number
  call(task: EmptyTask): PromiseLike<unknown>
  close(): Promise<unknown>
}

/** How a contender is set up: plain data, since it is told to another process. */
export type ContenderSetup =
  | { readonly use: 'lane'; readonly spin?: number }
  | { readonly use: 'piscina'; readonly atomics?: 'sync' | 'async' | 'disabled'; readonly perWorker?: number }
  | { readonly use: 'tinypool' | 'poolifier' | 'workerpool' }
  | { readonly use: 'bare-port'; readonly payload: 'object' | 'flat'; readonly batch: number }

/** What the operating system is to call the thread that runs the tasks, in contenders that can be pinned. */
export const THREAD_NAME = 'contender'

/** Opens a contender; each loads its library only when it is the one that is measured. */
export async function openContender(setup: ContenderSetup): Promise<Contender> {
  switch (setup.use) {
    case 'lane':
      return (await import('./lane.js')).openLane(setup.spin)
    case 'piscina':
      return (await import('./piscina.js')).openPiscina(setup.atomics, setup.perWorker)
    case 'tinypool':
      return (await import('./tinypool.js')).openTinypool()
    case 'poolifier':
      return (await import('./poolifier.js')).openPoolifier()
    case 'workerpool':
      return (await import('./workerpool.js')).openWorkerpool()
    case 'bare-port':
      return (await import('./bare-port.js')).openBarePort(setup.payload, setup.batch)
  }
}
