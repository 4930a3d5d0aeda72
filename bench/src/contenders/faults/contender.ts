import type * as tasks from '../../tasks/faults.js'

/** What goes wrong in a task. */
export type Fault = 'loop' | 'closePort' | 'exit' | 'exhaustHeap'

type Tasks = Omit<typeof tasks, 'newStage' | 'STARTED' | 'OPEN'>

/** One thread, which is replaced when it is lost. */
export interface FaultsContender {
  /** How the caller is told of each: the code of the error, or its name if it has none. */
  readonly told: Readonly<Partial<Record<Fault, string>>>
  /** @param limits the most milliseconds that it may run, and a signal that cancels it */
  run(
    task: keyof Tasks,
    stage: tasks.Stage,
    limits?: { readonly timeout?: number; readonly signal?: AbortSignal },
  ): Promise<unknown>
  close(): Promise<unknown>
}

export type FaultsSetup = 'lane' | 'piscina'

/** Of the thread's heap: small, so that it is soon exhausted. */
export const HEAP_MB = 32

export async function openFaults(what: FaultsSetup): Promise<FaultsContender> {
  return what === 'lane'
    ? (await import('./lane.js')).openLane()
    : (await import('./piscina.js')).openPiscina()
}
