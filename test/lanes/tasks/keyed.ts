import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { currentTask } from 'multilane/task'

type Keyed = typeof import('./keyed.js')
type Names = 'one' | 'other' | 'books'

const lanes = () => currentTask<Keyed, Names>().lanes

/** Words of the books: how many tasks are at it, how often more than one was, how many have been; then who, in order. */
export const AT_IT = 0
export const OVERLAPS = 1
export const ENTRIES = 2

/** Whatever its signal says, it takes as long as it takes. */
export async function enter(books: SharedArrayBuffer, who: number, ms: number): Promise<number> {
  const ints = new Int32Array(books)
  if (Atomics.add(ints, AT_IT, 1) > 0) Atomics.add(ints, OVERLAPS, 1)
  await sleep(ms)
  const entry = Atomics.add(ints, ENTRIES, 1)
  Atomics.store(ints, ENTRIES + 1 + entry, who)
  Atomics.sub(ints, AT_IT, 1)
  return entry
}

/** Has so many entries made, all of one key, and says when. */
export async function enterMany(
  books: SharedArrayBuffer,
  who: number,
  count: number,
  key: string,
): Promise<number> {
  const entries = Array.from({ length: count }, () => lanes().books.run('enter', [books, who, 1], { key }))
  await Promise.all(entries)
  return entries.length
}

/** Has an entry made, and ends its thread as soon as that is begun. */
export async function enterAndExit(
  books: SharedArrayBuffer,
  who: number,
  ms: number,
  key: string,
): Promise<void> {
  const entry = lanes().books.submit('enter', [books, who, ms], { key })
  await entry.wait({ for: 'RUNNING' })
  process.exit(1)
}

/** Awaits a task of a key. */
export async function awaitEntry(books: SharedArrayBuffer, key: string): Promise<string> {
  try {
    return String(await lanes().books.run('enter', [books, 2, 1], { key }))
  } catch (error) {
    const { code, cycle = [] } = error as { code: string; cycle?: readonly string[] }
    return [code, ...cycle].join('; ')
  }
}

/** Holds the loop from within Node, where no end of its thread reaches it, until a process of its own has made the file. */
export function makeNatively(file: string, ms: number): void {
  const script = `setTimeout(() => fs.writeFileSync(process.argv[1], ''), ${ms})`
  execFileSync(process.execPath, ['-e', script, file])
}

/** Has a file made, and ends its own thread as soon as it is told that the one that makes it is lost. */
export async function haveMadeAndExit(file: string, ms: number, key: string): Promise<void> {
  await lanes()
    .books.run('makeNatively', [file, ms], { key })
    .catch(() => {})
  process.exit(1)
}

export function isThere(file: string): boolean {
  return existsSync(file)
}
