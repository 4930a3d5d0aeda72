import { fileURLToPath } from 'node:url'
import workerpool from 'workerpool'
import type { Contender } from './contender.js'

export async function openWorkerpool(): Promise<Contender> {
  const file = fileURLToPath(new URL('../../tasks/empty-workerpool.js', import.meta.url))
  const pool = workerpool.pool(file, { workerType: 'thread', minWorkers: 1, maxWorkers: 1 })
  return { tasksPerCall: 1, call: name => pool.exec(name), close: async () => pool.terminate() }
}
