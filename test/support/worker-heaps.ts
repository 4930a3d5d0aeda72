import { Session } from 'node:inspector'

/** A worker thread of this process, and what it uses of its heap. */
export interface WorkerHeap {
  /** `[worker 7] its name`. */
  readonly title: string
  /**
   * In bytes, after a full collection, and without what its functions are compiled to: that is made anew and thrown away all
   * the time, by more than a leak of an hour comes to.
   */
  readonly used: number
}

/** Twice: what the first collection finds dead may hold on to more, which goes in a turn of the loop between them. */
const ASKED = [
  { id: 1, method: 'HeapProfiler.collectGarbage' },
  { id: 2, method: 'HeapProfiler.collectGarbage' },
  {
    id: 3,
    method: 'Runtime.evaluate',
    params: {
      expression: `{
        const { getHeapStatistics, getHeapCodeStatistics } = process.getBuiltinModule('v8')
        const { code_and_metadata_size, bytecode_and_metadata_size } = getHeapCodeStatistics()
        getHeapStatistics().used_heap_size - code_and_metadata_size - bytecode_and_metadata_size
      }`,
    },
  },
] as const
const LAST = ASKED.length

/** In milliseconds; a machine may be busy. It also holds the process, which an inspector's session does not. */
const PATIENCE_MS = 60_000

interface Reply {
  readonly id: number
  readonly result: { readonly result: { readonly value: number } }
}

/**
 * Collects the garbage of every worker thread, those of other workers as well, and tells what each uses of its heap then:
 * from outside, so that it needs no task, and no word of the library's. What a thread has outside its heap, such as
 * buffers, is not counted.
 *
 * To be called on the main thread, while every worker's loop turns.
 *
 * @returns by `threadId`
 */
export async function workerHeaps(): Promise<ReadonlyMap<number, WorkerHeap>> {
  const session = new Session()
  session.connect()
  try {
    return await heapsOf(session)
  } finally {
    session.disconnect()
  }
}

function heapsOf(session: Session): Promise<ReadonlyMap<number, WorkerHeap>> {
  return new Promise((resolve, reject) => {
    const heaps = new Map<number, WorkerHeap>()
    const titles = new Map<string, string>()
    let isOver = false
    const patience = setTimeout(() => {
      isOver = true
      reject(new Error(`no word of ${[...titles.values()].join()}`))
    }, PATIENCE_MS)
    const post = (method: string, params: object): void => {
      // What had come before the session was over is told after it, and to answer that would throw.
      if (isOver) return
      session.post(method, params, error => {
        if (error !== null) reject(error)
      })
    }
    let isEnabled = false
    const done = (): void => {
      if (!isEnabled || titles.size > 0 || isOver) return
      isOver = true
      clearTimeout(patience)
      resolve(heaps)
    }
    session.on('NodeWorker.attachedToWorker', ({ params: { sessionId, workerInfo } }) => {
      titles.set(sessionId, workerInfo.title)
      const message = JSON.stringify(ASKED[0])
      post('NodeWorker.sendMessageToWorker', { sessionId, message })
    })
    session.on('NodeWorker.receivedMessageFromWorker', ({ params: { sessionId, message } }) => {
      const title = titles.get(sessionId)
      const { id, result } = JSON.parse(message) as Reply
      if (title === undefined) return
      if (id < LAST) {
        post('NodeWorker.sendMessageToWorker', { sessionId, message: JSON.stringify(ASKED[id]) })
        return
      }
      heaps.set(threadIdOf(title), { title, used: result.result.value })
      // Node never frees what it attached to and was not told to detach from.
      post('NodeWorker.detach', { sessionId })
      titles.delete(sessionId)
      done()
    })
    // It has exited meanwhile.
    session.on('NodeWorker.detachedFromWorker', ({ params: { sessionId } }) => {
      titles.delete(sessionId)
      done()
    })
    session.post('NodeWorker.enable', { waitForDebuggerOnStart: false }, error => {
      if (error !== null) reject(error)
      isEnabled = true
      done()
    })
  })
}

function threadIdOf(title: string): number {
  return Number(/^\[worker (\d+)\]/.exec(title)?.[1])
}
