import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ShellWork } from '../jobs/job-definition.js'
import type { JobCall } from './job-call.js'
import { toJobError } from './job-error.js'
import { failed, type WorkEnd } from './job-result.js'
import type { OutputTail } from './output-tail.js'
import { endSession, GROUP_GRACE_MS, JOB_ID_VARIABLE } from './process-group.js'

/** What a command needs of the job it is run for. */
export interface CommandTerms {
  readonly call: JobCall
  /** What it gets of the daemon's environment. */
  readonly environment: Readonly<Record<string, string>>
  /** Ends it. */
  readonly signal: AbortSignal
  /** Gets its output. */
  readonly tail: OutputTail
  started(pid: number): void
  outputChanged(): void
  /** Milliseconds from SIGTERM to SIGKILL; default 2,000. */
  readonly grace?: number
}

/** Both outputs go into one pipe, so that their order is kept. The command is an argument here, never spliced in. */
const MERGED = 'exec /bin/sh -c "$1" 2>&1'

/** How much is read before the other work of the thread gets a millisecond. */
const READ_AT_ONCE = 1024 * 1024
const READ_PAUSE_MS = 1

/** Processes that have left the session may hold the pipe for ever: nobody waits longer for its end, in milliseconds. */
const PIPE_LIMIT_MS = 500
const EXIT_LIMIT_MS = 1_000

type Exit =
  | { readonly kind: 'exit'; readonly code: number | null; readonly signal: NodeJS.Signals | null }
  | { readonly kind: 'error'; readonly error: Error }

/**
 * Runs a configured command as the head of a session of its own, and ends with it all that is left of the session,
 * however it ended. Only a process that has made a session of its own (setsid) is out of reach.
 *
 * The job's input is given on standard input, as JSON text.
 *
 * @returns never rejects because of the command: `ERR_EXIT_CODE`, `ERR_SIGNAL`, or the code of what kept it from
 *   starting (`ENOENT`, `EACCES`, `EAGAIN`)
 */
export async function runCommand(work: ShellWork, terms: CommandTerms): Promise<WorkEnd> {
  if (terms.signal.aborted) return cutOff()
  let child: ChildProcess
  try {
    child = start(work, terms)
  } catch (error) {
    return { ok: false, error: toJobError(error) }
  }
  const { pid } = child
  const exited = exitOf(child)
  if (pid === undefined) return endOf(await exited, work)
  terms.started(pid)
  feed(child.stdin, terms.call.input)
  const drained = drain(child.stdout!, terms)
  await within(Number.POSITIVE_INFINITY, exited, terms.signal)
  await endSession(pid, terms.grace ?? GROUP_GRACE_MS)
  await within(PIPE_LIMIT_MS, drained)
  child.stdout?.destroy()
  child.stdin?.destroy()
  const exit = await within(EXIT_LIMIT_MS, exited)
  return exit === undefined ? cutOff() : endOf(exit, work)
}

function start(work: ShellWork, { call, environment }: CommandTerms): ChildProcess {
  return spawn('/bin/sh', ['-c', MERGED, 'sh', work.command], {
    cwd: work.cwd,
    detached: true,
    stdio: [call.input === null ? 'ignore' : 'pipe', 'pipe', 'ignore'],
    env: {
      ...environment,
      ...work.env,
      [JOB_ID_VARIABLE]: call.id,
      MULTILANED_JOB_NAME: call.name,
      MULTILANED_ATTEMPT: String(call.attempt),
    },
  })
}

/** Not the `close` event, which waits for everybody who has inherited the pipe. */
function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise(resolve => {
    child.on('exit', (code, signal) => resolve({ kind: 'exit', code, signal }))
    child.on('error', error => resolve({ kind: 'error', error }))
  })
}

function feed(stdin: Writable | null, input: string | null): void {
  // A command need not read its input.
  stdin?.on('error', () => {})
  stdin?.end(input)
}

async function drain(output: Readable, { tail, outputChanged }: CommandTerms): Promise<void> {
  let unpaused = 0
  output.on('data', (chunk: Buffer) => {
    tail.write(chunk)
    outputChanged()
    unpaused += chunk.length
    if (unpaused < READ_AT_ONCE) return
    unpaused = 0
    output.pause()
    setTimeout(() => output.resume(), READ_PAUSE_MS)
  })
  // A pipe that breaks has ended, and the exit tells the rest.
  output.on('error', () => {})
  await once(output, 'close').catch(() => {})
}

/** @returns undefined if the time is over, or the signal has fired, first */
async function within<T>(limit: number, promise: Promise<T>, signal?: AbortSignal): Promise<T | undefined> {
  const over = new AbortController()
  const others: Promise<undefined>[] = []
  if (Number.isFinite(limit)) others.push(quiet(sleep(limit, undefined, { signal: over.signal })))
  if (signal !== undefined) others.push(quiet(once(signal, 'abort', { signal: over.signal })))
  try {
    return await Promise.race([promise, ...others])
  } finally {
    over.abort()
  }
}

/** The end of a wait that is not needed any more is no error. */
function quiet(wait: Promise<unknown>): Promise<undefined> {
  return wait.then(
    () => undefined,
    () => undefined,
  )
}

function endOf(exit: Exit, work: ShellWork): WorkEnd {
  if (exit.kind === 'error') {
    const { name, code, stack } = toJobError(exit.error)
    const message = `/bin/sh could not be started in ${work.cwd}: ${exit.error.message}`
    return {
      ok: false,
      error: {
        name,
        message,
        ...(code === undefined ? {} : { code }),
        ...(stack === undefined ? {} : { stack }),
      },
    }
  }
  if (exit.signal !== null) return failed('CommandSignalError', 'ERR_SIGNAL', `ended by ${exit.signal}`)
  if (exit.code === 0) return { ok: true, result: '{"exitCode":0}' }
  return failed('CommandExitError', 'ERR_EXIT_CODE', `exited with code ${exit.code}`)
}

function cutOff(): WorkEnd {
  return failed('CommandCutOffError', 'ERR_CUT_OFF', 'the command was cut off before its end was known')
}
