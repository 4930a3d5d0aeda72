import { MessageChannel, Worker } from 'node:worker_threads'
import { type Contender, THREAD_NAME } from './contender.js'

/** What a call needs in three slots: the flat form costs the structured clone no objects. */
const FIELDS_PER_CALL = ['id', 'name', 'argument'] as const

/**
 * A bare port between two threads that echoes: no queue, no names, no errors, no cancelling. It is the floor that
 * whoever writes the same by hand stands on.
 *
 * @param batch how many calls share a message; 1 is what one writes at first
 */
export async function openBarePort(payload: 'object' | 'flat', batch: number): Promise<Contender> {
  const { port1, port2 } = new MessageChannel()
  const worker = new Worker(new URL('../../tasks/echo-worker.js', import.meta.url), {
    workerData: { port: port2, name: THREAD_NAME },
    transferList: [port2],
  })
  await new Promise(resolve => worker.once('online', resolve))
  // A port answers in the order it is asked, so the first promise is always the next to be resolved.
  const waiting: ((value: unknown) => void)[] = []
  let first = 0
  port1.on('message', answer => {
    waiting[first++]!(answer)
    if (first < waiting.length) return
    waiting.length = 0
    first = 0
  })
  let sequence = 0
  const messageOf = (task: string): unknown => {
    if (payload === 'object') {
      if (batch === 1) return { id: sequence++, name: task, args: [] }
      return Array.from({ length: batch }, () => ({ id: sequence++, name: task, args: [] }))
    }
    const message: unknown[] = []
    for (let i = 0; i < batch * FIELDS_PER_CALL.length; i++) message.push(sequence++)
    return message
  }
  return {
    tasksPerCall: batch,
    call: task =>
      new Promise(resolve => {
        waiting.push(resolve)
        port1.postMessage(messageOf(task))
      }),
    close: async () => {
      port1.close()
      await worker.terminate()
    },
  }
}
