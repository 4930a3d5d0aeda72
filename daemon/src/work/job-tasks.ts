/** The task module of every lane that runs jobs. */
import { currentTask } from 'multilane/task'
import type { ShellWork, TaskWork } from '../jobs/job-definition.js'
import type { JobCall, JobEnd, LaneWork } from './job-call.js'
import type { JobContext, JobFunction } from './job-context.js'
import { toJobError } from './job-error.js'
import { failed, toWorkEnd, type WorkEnd } from './job-result.js'
import { JobSignals, type JobVoice } from './job-signals.js'
import { OutputTail } from './output-tail.js'
import { identify } from './process-group.js'
import { runCommand } from './shell-command.js'

type Runnable =
  | { readonly kind: 'task'; readonly run: JobFunction }
  | { readonly kind: 'shell'; readonly work: ShellWork }

const runnables = new Map<string, Runnable>()
const commands = new Set<Promise<WorkEnd>>()
let environment: Readonly<Record<string, string>> = {}
let signals: JobSignals | null = null

/**
 * Imports what the lane's jobs are made of.
 *
 * @throws Error that names the job, the module and the export, if that is no function or cannot be imported
 */
export async function setup(work: LaneWork): Promise<void> {
  environment = work.environment
  signals = new JobSignals(work.channel)
  for (const { name, work: how } of work.jobs) {
    runnables.set(
      name,
      how.kind === 'shell' ? { kind: 'shell', work: how } : { kind: 'task', run: await load(name, how) },
    )
  }
}

/** @returns how the job ended, whatever it did; what befalls its thread is the lane's to tell */
export async function runJob(call: JobCall): Promise<JobEnd> {
  const tail = new OutputTail()
  const voice = channel().voiceOf(call, tail)
  try {
    voice.starts()
    // Nothing is awaited before the job's function runs: the lane knows then who holds its thread.
    const end = await perform(call, tail, voice)
    tail.end()
    return { ...end, log: tail.text() }
  } finally {
    voice.gone()
  }
}

/** Waits for the commands that are being ended: what the lane has given up may still have processes. */
export async function teardown(): Promise<void> {
  await Promise.allSettled(commands)
  signals?.close()
}

async function load(name: string, { module, exported }: TaskWork): Promise<JobFunction> {
  const where = `job '${name}': the export '${exported}' of ${module}`
  let namespace: Readonly<Record<string, unknown>>
  try {
    namespace = await import(module)
  } catch (cause) {
    throw new Error(`${where} could not be loaded: ${toJobError(cause).message}`, { cause })
  }
  const found = Object.hasOwn(namespace, exported) ? namespace[exported] : ofCommonJs(namespace, exported)
  if (typeof found === 'function') return found as JobFunction
  const what =
    found === undefined ? 'does not exist' : `is no function but ${found === null ? 'null' : typeof found}`
  throw new Error(`${where} ${what}; its functions are: ${functionsOf(namespace).join(', ') || 'none'}`)
}

/** A CommonJS module shows by name only those exports that can be found without running it. */
function ofCommonJs(namespace: Readonly<Record<string, unknown>>, exported: string): unknown {
  const whole = namespace.default
  return typeof whole === 'object' && whole !== null ? Reflect.get(whole, exported) : undefined
}

function functionsOf(namespace: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(namespace).filter(name => typeof namespace[name] === 'function')
}

async function perform(call: JobCall, tail: OutputTail, voice: JobVoice): Promise<WorkEnd> {
  const runnable = runnables.get(call.name)
  if (runnable === undefined) {
    const known = [...runnables.keys()].join(', ') || 'none'
    return failed(
      'JobUnknownError',
      'ERR_JOB_UNKNOWN',
      `no job '${call.name}' on this lane; there are: ${known}`,
    )
  }
  return runnable.kind === 'shell'
    ? performCommand(runnable.work, call, tail, voice)
    : performTask(runnable.run, call, tail, voice)
}

async function performTask(
  run: JobFunction,
  call: JobCall,
  tail: OutputTail,
  voice: JobVoice,
): Promise<WorkEnd> {
  const task = currentTask()
  const context: JobContext = {
    id: call.id,
    name: call.name,
    attempt: call.attempt,
    get signal() {
      return task.signal
    },
    log(line) {
      tail.line(String(line))
      voice.outputChanged()
    },
  }
  try {
    const input: unknown = call.input === null ? undefined : JSON.parse(call.input)
    return toWorkEnd(await run(input, context))
  } catch (thrown) {
    return { ok: false, error: toJobError(thrown) }
  }
}

async function performCommand(
  work: ShellWork,
  call: JobCall,
  tail: OutputTail,
  voice: JobVoice,
): Promise<WorkEnd> {
  const { signal } = currentTask()
  const command = runCommand(work, {
    call,
    environment,
    signal,
    tail,
    started: pid => voice.runsAs(identify(pid)),
    outputChanged: () => voice.outputChanged(),
  })
  commands.add(command)
  try {
    return await command
  } finally {
    commands.delete(command)
  }
}

function channel(): JobSignals {
  if (signals === null) throw new Error('runJob was called before setup')
  return signals
}
