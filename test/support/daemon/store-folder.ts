import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Lane, SchedulerThread } from 'multilane'
import { type OpenedStore, openStore } from '#daemon/store/open-store.js'
import type * as writeTasks from '#daemon/store/sql/write-tasks.js'
import { SqliteStore } from '#daemon/store/sqlite-store.js'
import { storeLaneOptions, storeLanesOf, WRITE_LANE } from '#daemon/store/store-lanes.js'

/** A store on lanes of its own, as a daemon has it. */
export interface RunningStore {
  readonly store: SqliteStore
  readonly opened: OpenedStore
  /** The lane that `store` writes on. */
  readonly writeLane: Lane<typeof writeTasks>
  /** A store of another owner over the same file; closed along with this one. */
  readonly ofOwner: (owner: string) => Promise<SqliteStore>
  readonly close: () => Promise<void>
  /** Lets go of everything without an orderly end, as a death of the process would leave the files. */
  readonly abandon: () => Promise<void>
}

export async function withStoreFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'multilaned-store-'))
  try {
    await run(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @param writeModule the write lane's task module, in place of the daemon's own */
export async function startStore(folder: string, owner = 'owner', writeModule?: URL): Promise<RunningStore> {
  const opened = await openStore({ folder, owner })
  const schedulers: { close(): Promise<unknown> }[] = []
  const stores: SqliteStore[] = []
  let writeLane: Lane<typeof writeTasks> | undefined
  const ofOwner = async (name: string): Promise<SqliteStore> => {
    const lanesOptions = storeLaneOptions(opened.file, name)
    const write = {
      ...lanesOptions[WRITE_LANE],
      ...(writeModule === undefined ? {} : { tasks: writeModule }),
    }
    const scheduler = await SchedulerThread.start({ lanes: { ...lanesOptions, [WRITE_LANE]: write } })
    schedulers.push(scheduler)
    const lanes = storeLanesOf(scheduler.lanes)
    writeLane ??= lanes.write
    const store = new SqliteStore(lanes)
    stores.push(store)
    return store
  }
  const abandon = async (): Promise<void> => {
    for (const scheduler of schedulers.splice(0)) await scheduler.close()
    opened.release()
  }
  const close = async (): Promise<void> => {
    try {
      for (const store of stores.splice(0)) await store.close()
    } finally {
      await abandon()
    }
  }
  const store = await ofOwner(owner)
  return { store, opened, writeLane: writeLane!, ofOwner, close, abandon }
}
