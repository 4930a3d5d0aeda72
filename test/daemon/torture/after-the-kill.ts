import { copyFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FINAL_STATES } from '#daemon/jobs/job.js'
import { sqlDriver } from '#daemon/store/sql/sql-driver.js'

const FILES = ['jobs.sqlite', 'jobs.sqlite-wal']

/** The jobs that a dead daemon's store has as ended. Reads a copy: the files stay as the death left them. */
export async function recordedAsEnded(store: string): Promise<ReadonlySet<string>> {
  const folder = await mkdtemp(join(tmpdir(), 'multilaned-copy-'))
  try {
    for (const file of FILES) {
      await copyFile(join(store, file), join(folder, file)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error
      })
    }
    const database = sqlDriver().open(join(folder, FILES[0]!), 1000)
    try {
      const states = FINAL_STATES.map(state => `'${state}'`).join(', ')
      const rows = database.prepare(`SELECT id FROM jobs WHERE state IN (${states})`).all()
      return new Set(rows.map(row => String(row.id)))
    } finally {
      database.close()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The commands of lives before this one that still run. @param witness the file they write to */
export async function commandsOfEarlierLives(witness: string, life: number): Promise<readonly string[]> {
  const found: string[] = []
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    // It may be gone by now, or another user's.
    const text = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
    const environment = text.split('\0')
    if (!environment.includes(`WITNESS=${witness}`)) continue
    const id = environment.find(entry => entry.startsWith('MULTILANED_JOB_ID='))
    const own = environment.find(entry => entry.startsWith('LIFE='))
    if (id !== undefined && Number(own?.slice('LIFE='.length)) < life) found.push(`process ${pid} of ${id}`)
  }
  return found
}
