// @time-limit 30m
import { SchedulerThread, type TaskHandle } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Exports } from '#src/bridge/exports.js'
import { Sender } from '#src/bridge/sender.js'
import { eventually } from '../support/eventually.js'
import { heldPorts } from '../support/open-ports.js'
import { listenerCount } from './listener-count.js'
import type * as handles from './tasks/handles.js'
import { Trend } from './trend.js'
import { usedHeap } from './used-heap.js'

const test = suite('soak: handles')

/** A hundred thousand by hand: MULTILANE_SOAK_HANDLES=100000. */
const HANDLES = Number(process.env.MULTILANE_SOAK_HANDLES ?? 2_500)
const BATCH = 250
/** Few: to take one takes several collections on every thread. */
const SAMPLES = 6
const MB = 1024 * 1024
const PER_THOUSAND = { name: 'a thousand handles', length: 1_000 }
const NAMES = ['a', 'b', 'c'] as const

/** The last one that each thread had may still be on its stack, or in its context. */
const LAST = 12

const tasks = new URL('./tasks/handles.js', import.meta.url)

/** The sender on this thread, which nobody is told of otherwise. */
let sender: Sender | null = null
const { lend } = Exports.prototype
Exports.prototype.lend = function (task, thread) {
  if (this.of instanceof Sender) sender = this.of
  return lend.call(this, task, thread)
}

test('a hundred thousand handles passed on and dropped', async () => {
  await using scheduler = await SchedulerThread.start<typeof handles, 'a' | 'b' | 'c'>({
    tasks,
    lanes: { a: {}, b: { threads: 2 }, c: {} },
  })
  const { a, b, c } = scheduler.lanes
  const batch = async (first: number): Promise<void> => {
    const calls: Promise<unknown>[] = []
    for (let i = first; i < first + BATCH; i++) {
      const task: TaskHandle<ReturnType<typeof handles.make>> = a.submit('make', [i])
      switch (i % 8) {
        case 0:
        case 1:
          calls.push(b.run('drop', [task]))
          break
        case 2:
          calls.push(b.run('awaitIt', [task]), c.run('awaitIt', [task]))
          break
        case 3:
          calls.push(b.run('passOn', ['c', 'drop', task]))
          break
        case 4:
          calls.push(b.run('passOn', ['c', 'awaitIt', task]))
          break
        case 5:
          // Back to the lane that runs it.
          calls.push(c.run('passOn', ['a', 'awaitIt', task]))
          break
        case 6: {
          const carrier = b.submit('awaitIt', [task])
          if (i % 16 === 6) setImmediate(() => carrier.cancel())
          else carrier.cancel()
          calls.push(carrier.wait())
          break
        }
        default:
          task.cancel()
          calls.push(b.run('awaitIt', [task]), b.run('makeAndPass', ['c', i]))
      }
      // Whether it failed is told to whoever waits.
      calls.push(task.wait())
    }
    await Promise.all(calls)
  }
  // Warm, with everything grown.
  for (let i = 0; i < 4; i++) await batch(i * BATCH)
  const collectAll = async (): Promise<number[]> => {
    usedHeap()
    const each = NAMES.map(async name => {
      const calls = Array.from({ length: name === 'b' ? 2 : 1 }, () => scheduler.lanes[name].run('heap'))
      return Math.max(...(await Promise.all(calls)))
    })
    return Promise.all(each)
  }
  await collectAll()
  const { exports, sent } = sender!
  const settled = () =>
    eventually('all were given back', async () => {
      await collectAll()
      return exports.size <= LAST
    })
  await settled()
  const inUse = sent.table.inUse
  const ports = await heldPorts()
  const listeners = listenerCount()
  const heap = new Trend('heap of the main thread', 'MB', PER_THOUSAND)
  const heaps = NAMES.map(name => new Trend(`heap of lane ${name}`, 'MB', PER_THOUSAND))
  const slots = new Trend('slots', '', PER_THOUSAND)
  const sampled = Math.max(1, Math.floor(HANDLES / BATCH / SAMPLES))
  for (let n = 1; n * BATCH <= HANDLES; n++) {
    await batch(n * BATCH)
    if (n % sampled !== 0) continue
    await settled()
    const used = await collectAll()
    for (const [i, each] of heaps.entries()) each.note(n * BATCH, used[i]! / MB)
    heap.note(n * BATCH, usedHeap() / MB)
    slots.note(n * BATCH, sent.table.inUse)
  }
  await settled()
  console.log([heap, ...heaps, slots, `${HANDLES} handles`].join('\n'))
  assert.ok(exports.size <= LAST, `${exports.size} handles are out`)
  assert.ok(sent.table.inUse <= inUse + LAST, `${sent.table.inUse} slots, ${inUse} before`)
  assert.ok((await heldPorts()) <= ports)
  assert.is(listenerCount(), listeners)
  assert.is((await scheduler.stats()).strays, 0)
  for (const each of [heap, ...heaps]) assert.ok(each.growth < 1, String(each))
})

test.run()
