// @time-limit 30m
import { SchedulerThread, type TaskHandle } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Exports } from '#src/bridge/exports.js'
import { Sender } from '#src/bridge/sender.js'
import { eventually } from '../support/eventually.js'
import { heldPorts } from '../support/open-ports.js'
import { workerHeaps } from '../support/worker-heaps.js'
import { listenerCount } from './listener-count.js'
import type * as handles from './tasks/handles.js'
import { Trend } from './trend.js'
import { usedHeap } from './used-heap.js'

const test = suite('soak: handles')

/** More by hand: MULTILANE_SOAK_HANDLES=100000. */
const HANDLES = Number(process.env.MULTILANE_SOAK_HANDLES ?? 2_500)
const BATCH = 250
/** Batches until what keeps the last so many of something, such as the history of the tasks, is full, and code is compiled. */
const WARM = 16
/** Few: to take one takes several collections on every thread. */
const SAMPLES = 6
const PER_HANDLE = { name: 'a handle', length: 1 }
/** By how much the heap of a thread may grow for each handle that was passed on, in bytes. */
const MOST_LEFT = 80

/** The last one that each thread had may still be on its stack, or in its context. */
const LAST = 12

type Scheduler = SchedulerThread<typeof handles, 'a' | 'b' | 'c'>

/** The most of each that a lane thread has. */
async function keptBy({ lanes: { a, b, c } }: Scheduler): Promise<handles.Kept> {
  // Those of a lane with two threads come to both.
  const each = await Promise.all([a, b, b, b, b, c].map(lane => lane.run('kept')))
  return {
    ports: Math.max(...each.map(({ ports }) => ports)),
    handles: Math.max(...each.map(({ handles }) => handles)),
  }
}

const tasks = new URL('./tasks/handles.js', import.meta.url)

/** The sender on this thread, which nobody is told of otherwise. */
let sender: Sender | null = null
const { lend } = Exports.prototype
Exports.prototype.lend = function (task, thread) {
  if (this.of instanceof Sender) sender = this.of
  return lend.call(this, task, thread)
}

test(`${HANDLES} handles passed on and dropped`, async () => {
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
  for (let i = 0; i < WARM; i++) await batch(i * BATCH)
  const { exports, sent } = sender!
  const settled = () =>
    eventually('all were given back', async () => {
      usedHeap()
      await workerHeaps()
      return exports.size <= LAST
    })
  await settled()
  const inUse = sent.table.inUse
  const ports = await heldPorts()
  const listeners = listenerCount()
  const heap = new Trend('heap of the main thread', 'bytes', PER_HANDLE)
  const heaps = new Map<string, Trend>()
  const slots = new Trend('slots', '', PER_HANDLE)
  const atFirst = await keptBy(scheduler)
  const sampled = Math.max(1, Math.floor(HANDLES / BATCH / SAMPLES))
  for (let n = 1; n * BATCH <= HANDLES; n++) {
    await batch(n * BATCH)
    if (n % sampled !== 0) continue
    await settled()
    heap.note(n * BATCH, usedHeap())
    for (const { title, used } of (await workerHeaps()).values()) {
      const trend = heaps.get(title) ?? new Trend(`heap of ${title}`, 'bytes', PER_HANDLE)
      heaps.set(title, trend)
      trend.note(n * BATCH, used)
    }
    slots.note(n * BATCH, sent.table.inUse)
  }
  await settled()
  const kept = await keptBy(scheduler)
  console.log([heap, ...heaps.values(), slots, JSON.stringify({ atFirst, kept })].join('\n'))
  assert.ok(exports.size <= LAST, `${exports.size} handles are out`)
  assert.ok(sent.table.inUse <= inUse + LAST, `${sent.table.inUse} slots, ${inUse} before`)
  assert.ok((await heldPorts()) <= ports)
  assert.is(listenerCount(), listeners)
  assert.is((await scheduler.stats()).strays, 0)
  assert.is(heaps.size, 5, 'the supervisor, and the threads of the lanes')
  for (const trend of [heap, ...heaps.values()]) assert.ok(trend.rate < MOST_LEFT, `${trend} (${trend.rate})`)
  assert.ok(kept.handles <= LAST, `a lane thread has ${kept.handles} handles`)
  assert.ok(kept.ports <= atFirst.ports, `a lane thread has ${kept.ports} ports, ${atFirst.ports} before`)
})

test.run()
