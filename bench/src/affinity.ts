import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/**
 * Pins the main thread, or the threads of a name, to one core and the threads of another name to another, so that a round trip between them always
 * means waking another core. Where the system puts threads by itself, it may mean anything from a switch on the same
 * core to waking a sleeping one.
 *
 * @param from the name of the threads on the first core, if not the main thread
 * @returns what went wrong, or null
 */
export function pinApart(threadName: string, from?: string): string | null {
  if (process.platform !== 'linux') return `no pinning on ${process.platform}`
  try {
    const [first, second] = allowedCores()
    if (first === undefined || second === undefined) return 'only one core to run on'
    const near = from === undefined ? [process.pid] : threadsNamed(from)
    const far = threadsNamed(threadName)
    if (near.length === 0) return `no thread is named '${from}'`
    if (far.length === 0) return `no thread is named '${threadName}'`
    for (const thread of near) pin(thread, first)
    for (const thread of far) pin(thread, second)
    return null
  } catch (error) {
    return `taskset failed: ${(error as Error).message.split('\n')[0]}`
  }
}

function pin(thread: number, core: number): void {
  execFileSync('taskset', ['-cp', String(core), String(thread)], { stdio: 'pipe' })
}

function threadsNamed(name: string): number[] {
  const tasks = '/proc/self/task'
  return readdirSync(tasks)
    .filter(thread => readFileSync(`${tasks}/${thread}/comm`, 'utf8').trim() === name)
    .map(Number)
}

/** The cores this process may use, which in a container are not always the first. */
function allowedCores(): number[] {
  const list = /^Cpus_allowed_list:\s*(.+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? ''
  return list.split(',').flatMap(range => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, index) => first + index)
  })
}
