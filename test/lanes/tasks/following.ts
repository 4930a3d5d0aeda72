import { setTimeout as sleep } from 'node:timers/promises'
import { currentTask, type TaskHandle } from 'multilane/task'

type Names = 'urgent' | 'bulk' | 'other'

const lanes = () => currentTask<typeof import('./following.js'), Names>().lanes

const given = new Map<string, (task: TaskHandle<string>) => void>()

/** Brings the task of a handle to the one of this thread that waits for it by this name. */
export function give(name: string, task: TaskHandle<string>): void {
  given.get(name)!(task)
}

async function taken(name: string): Promise<TaskHandle<string>> {
  return await new Promise<TaskHandle<string>>(resolve => {
    given.set(name, resolve)
  })
}

function told(error: unknown): string {
  const { code, cycle = [] } = error as { code: string; cycle?: readonly string[] }
  return [code, ...cycle].join('; ')
}

/** Awaits the task that `give` brings; says how that went. */
export async function awaitGiven(name: string): Promise<string> {
  const task = await taken(name)
  try {
    return await task.result()
  } catch (error) {
    return told(error)
  }
}

export async function awaitTask(task: TaskHandle<string>): Promise<string> {
  try {
    return await task.result()
  } catch (error) {
    return told(error)
  }
}

/** Awaits the task that `give` brings, for so many milliseconds at most. */
export async function awaitGivenFor(name: string, timeout: number): Promise<string> {
  const task = await taken(name)
  try {
    return String(await task.wait({ timeout }))
  } catch (error) {
    return told(error)
  }
}

/** As `awaitGiven`, holding the loop. */
export async function blockForGiven(name: string): Promise<string> {
  const task = await taken(name)
  try {
    return task.resultSync()
  } catch (error) {
    return told(error)
  }
}

export function say(text: string): string {
  return text
}

export async function sayLater(text: string, ms: number): Promise<string> {
  await sleep(ms)
  return text
}

/** Submits a task that is to start after the one whose handle comes back to this very one, and awaits it. */
export async function followMyself(name: string, ms: number): Promise<string> {
  const myself = await taken(name)
  if (ms > 0) await sleep(ms)
  try {
    return await lanes().bulk.run('say', ['follower'], { after: [myself] })
  } catch (error) {
    return told(error)
  }
}

/** Awaits the start of the task that `give` brings, and goes on for a while. */
export async function awaitStart(name: string, hold: number): Promise<string> {
  const task = await taken(name)
  try {
    await task.wait({ for: 'RUNNING' })
    const until = performance.now() + hold
    while (performance.now() < until);
    return 'started'
  } catch (error) {
    return told(error)
  }
}

export function note(log: SharedArrayBuffer, value: number, ms: number): string {
  const until = performance.now() + ms
  while (performance.now() < until);
  const ints = new Int32Array(log)
  ints[1 + Atomics.add(ints, 0, 1)] = value
  return `noted ${value}`
}

/** Submits tasks after others here, and dies. */
export async function submitAndDie(task: TaskHandle<string>): Promise<void> {
  const follower = lanes().urgent.submit('say', ['never'], { after: [task] })
  lanes().other.submit('awaitTask', [follower])
  await sleep(60)
  process.exit(7)
}

/** Submits tasks that the last of them waits behind, awaits that for a while, and says what its priority was then. */
export async function hurryBriefly(log: SharedArrayBuffer): Promise<void> {
  const { bulk } = lanes()
  const all = Array.from({ length: 50 }, (_, i) => bulk.submit('note', [log, i, i === 0 ? 300 : 0]))
  await all[0]!.wait({ for: 'RUNNING' })
  await all[49]!.wait({ timeout: 50 })
  await all[1]!.result()
}
