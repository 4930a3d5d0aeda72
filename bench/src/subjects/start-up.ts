import type { Open } from './subject.js'

export interface StartUpFigures {
  /** Milliseconds from the first call until everything is ready. */
  readonly ready: number
  /** The same with the import of the library. */
  readonly withImport: number
}

/** Each round wants a fresh process: nothing of it may have been loaded before. */
export const open: Open<'lanes' | 'workers', null, StartUpFigures> = async what => {
  let close = async (): Promise<unknown> => undefined
  return {
    async round() {
      const begun = performance.now()
      const start = what === 'lanes' ? await loadLanes() : await loadWorkers()
      const imported = performance.now()
      close = await start()
      const end = performance.now()
      return { ready: end - imported, withImport: end - begun }
    },
    close: () => close(),
  }
}

type Start = () => Promise<() => Promise<unknown>>

async function loadLanes(): Promise<Start> {
  const { SchedulerThread } = await import('multilane')
  return async () => {
    const scheduler = await SchedulerThread.start({
      tasks: new URL('../tasks/empty.js', import.meta.url),
      lanes: { urgent: { priority: 'user-blocking' }, bulk: { priority: 'background' } },
    })
    return () => scheduler.close()
  }
}

async function loadWorkers(): Promise<Start> {
  const { Worker } = await import('node:worker_threads')
  return async () => {
    const module = new URL('../tasks/empty.js', import.meta.url).href
    const workers = [1, 2].map(
      () => new Worker(new URL('../tasks/module-worker.js', import.meta.url), { workerData: { module } }),
    )
    await Promise.all(
      workers.map(worker => {
        const answered = new Promise(resolve => worker.once('message', resolve))
        worker.postMessage(['empty'])
        return answered
      }),
    )
    return () => Promise.all(workers.map(worker => worker.terminate()))
  }
}
