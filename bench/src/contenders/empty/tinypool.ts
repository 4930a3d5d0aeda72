import { Tinypool } from 'tinypool'
import type { Contender } from './contender.js'

export async function openTinypool(): Promise<Contender> {
  const pool = new Tinypool({
    filename: new URL('../../tasks/empty.js', import.meta.url).href,
    minThreads: 1,
    maxThreads: 1,
  })
  return { tasksPerCall: 1, call: name => pool.run(undefined, { name }), close: () => pool.destroy() }
}
