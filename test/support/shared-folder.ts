import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Names the folder for what the test files of one run share; the runner makes it, and takes it away. */
export const SHARED = 'MULTILANE_TEST_SHARED'
/** Who makes it may have been ended. */
const PATIENCE_MS = 60_000
const LOOK_EVERY_MS = 50

/**
 * A folder with what is dear to make, made once for all files of a run, by the one that asks first. Nobody may change
 * what is in it. A file that runs without the runner makes it for itself.
 *
 * @param patience milliseconds until it is not waited for any more, but made alone
 * @throws Error what `make` has failed with, in this process or another
 */
export async function sharedFolder(
  name: string,
  make: (folder: string) => Promise<void>,
  patience = PATIENCE_MS,
): Promise<string> {
  const root = process.env[SHARED]
  if (root === undefined) return ownFolder(make)
  const folder = join(root, name)
  const made = join(root, `${name}.made`)
  try {
    mkdirSync(folder)
  } catch {
    for (let waited = 0; !existsSync(made); waited += LOOK_EVERY_MS) {
      if (waited > patience) return ownFolder(make)
      await sleep(LOOK_EVERY_MS)
    }
    const failure = readFileSync(made, 'utf8')
    if (failure !== '') throw new Error(failure)
    return folder
  }
  const tell = (failure: string): void => {
    // Nobody is to see half of it.
    writeFileSync(`${made}.part`, failure)
    renameSync(`${made}.part`, made)
  }
  try {
    await make(folder)
  } catch (error) {
    tell(`${error}`)
    throw error
  }
  tell('')
  return folder
}

async function ownFolder(make: (folder: string) => Promise<void>): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'multilane-shared-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  await make(folder)
  return folder
}
