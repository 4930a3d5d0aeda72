import { MessageChannel } from 'node:worker_threads'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ThreadBlock } from '#src/bridge/thread-block.js'
import type { LaneConfig } from '#src/lanes/lane-config.js'
import { LanePool } from '#src/lanes/lane-pool.js'
import type { Lease } from '#src/lanes/lease.js'
import { eventually } from '../support/eventually.js'
import { reasonOf } from '../support/rejection.js'

const test = suite('lane pool')

test('a worker is known by its thread id until it has exited, also when piscina has forgotten it', async () => {
  const threads = { min: 1, max: 1, idleTimeout: 0 }
  const config = { name: 'lane', threads, tasks: '', workerData: 5, restart: { max: 0, within: 1 } }
  const entry = new URL('./tasks/lingering-lease.js', import.meta.url).href
  const options = { ...config, onStall: 'report', env: {} } as unknown as LaneConfig
  const pool = new LanePool(options, entry, [], new SharedArrayBuffer(4))
  const started = new Int32Array(new SharedArrayBuffer(4))
  const end = new AbortController()
  const { buffer: block } = new ThreadBlock()
  const terms = { started, block, control: new MessageChannel().port1 } as unknown as Lease
  const lease = pool.lease(terms, end.signal)
  await eventually('it is leased', () => Atomics.load(started, 0) === 5)
  const ids = Array.from({ length: 20 }, (_, id) => id).filter(id => pool.worker(id) !== undefined)
  assert.is(ids.length, 1)
  const [id] = ids as [number]
  const worker = pool.worker(id)!
  const exited = new Promise(resolve => worker.once('exit', resolve))
  end.abort()
  assert.is(pool.worker(id), worker)
  await reasonOf(lease)
  assert.is(pool.worker(id), worker)
  await exited
  assert.is(pool.worker(id), undefined)
  await pool.destroy()
})

test.run()
