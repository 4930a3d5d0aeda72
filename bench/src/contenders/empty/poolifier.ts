import { fileURLToPath } from 'node:url'
import { FixedThreadPool } from 'poolifier'
import type { Contender } from './contender.js'

export async function openPoolifier(): Promise<Contender> {
  const file = fileURLToPath(new URL('../../tasks/empty-poolifier.js', import.meta.url))
  const pool = new FixedThreadPool<undefined, unknown>(1, file)
  return { tasksPerCall: 1, call: name => pool.execute(undefined, name), close: () => pool.destroy() }
}
