import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type LaneOptions, SchedulerThread } from 'multilane'
import type { Open } from './subject.js'

export interface StoreRequest {
  readonly inFlight: number
  /** Milliseconds. */
  readonly time: number
}

/** The part of the daemon's store that is measured; the package shows none of it. */
interface StoreModule {
  openStore(options: { readonly folder: string; readonly owner: string }): Promise<{
    readonly lanes: Readonly<Record<string, LaneOptions>>
    connect(lanes: Readonly<Record<string, unknown>>): {
      accept(group: readonly object[]): Promise<unknown>
      close(): Promise<void>
    }
    release(): void
  }>
}

const DATA = fileURLToPath(new URL('../../build/data/', import.meta.url))

/** The daemon's store on lanes of its own, without a daemon around it: durable accepts a second. */
export const open: Open<null, StoreRequest, number> = async () => {
  const module = new URL('./store/open-store.js', import.meta.resolve('multilaned'))
  const { openStore } = (await import(module.href)) as StoreModule
  await mkdir(DATA, { recursive: true })
  const folder = await mkdtemp(join(DATA, 'store-'))
  const opened = await openStore({ folder, owner: randomUUID() })
  const scheduler = await SchedulerThread.start({ lanes: opened.lanes })
  const store = opened.connect(scheduler.lanes)
  return {
    async round({ inFlight, time }) {
      const start = performance.now()
      let accepted = 0
      const accepter = async (): Promise<void> => {
        while (performance.now() - start < time) {
          await store.accept([aJob()])
          accepted++
        }
      }
      await Promise.all(Array.from({ length: inFlight }, accepter))
      return (accepted / (performance.now() - start)) * 1000
    },
    async close() {
      await store.close()
      await scheduler.close()
      opened.release()
      await rm(folder, { recursive: true })
    },
  }
}

function aJob(): object {
  const now = Date.now()
  return {
    id: randomUUID(),
    name: 'nothing',
    lane: 'wide',
    priority: 0,
    source: 'v1',
    input: null,
    cost: 1,
    acceptedAt: now,
    dueAt: now + 86_400_000,
    claimed: false,
  }
}
