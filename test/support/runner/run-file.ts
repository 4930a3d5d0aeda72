import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { endProcessGroup } from './process-group.js'

export interface FileRun {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly timedOut: boolean
  readonly limit: number
  readonly duration: number
  readonly stdout: string
  /** Standard output and standard error as they came. */
  readonly output: string
  /** What the process itself reported as wrong, see test-process.ts. */
  readonly complaints: readonly string[]
}

export interface RunFileOptions {
  readonly limit: number
  readonly now: () => number
  /** Ends the process when the runner itself is told to go. */
  readonly signal: AbortSignal
}

const TEST_PROCESS = fileURLToPath(new URL('./test-process.js', import.meta.url))
const KEPT_CHARACTERS = 4_000_000
/** A process that has left the group may keep the output open for ever. */
const OUTPUT_GRACE_MS = 1000

/** Keeps the end of what is written: that is where the summary is, and a runaway loop must not fill memory. */
function keepTail() {
  let kept = ''
  return {
    add(chunk: string) {
      kept += chunk
      if (kept.length > 2 * KEPT_CHARACTERS) kept = kept.slice(-KEPT_CHARACTERS)
    },
    get text() {
      return kept
    },
  }
}

function plainEnvironment(): NodeJS.ProcessEnv {
  const { FORCE_COLOR: _, ...environment } = process.env
  return { ...environment, NO_COLOR: '1' }
}

async function drained(streams: readonly Readable[]): Promise<void> {
  const deadline = AbortSignal.timeout(OUTPUT_GRACE_MS)
  for (const stream of streams) {
    if (!stream.closed) await once(stream, 'close', { signal: deadline }).catch(() => stream.destroy())
  }
}

export async function runFile(file: string, { limit, now, signal }: RunFileOptions): Promise<FileRun> {
  const started = now()
  const child = spawn(process.execPath, [TEST_PROCESS, file], {
    detached: true,
    env: plainEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  const { pid } = child
  const [, out, err, own] = child.stdio as [null, Readable, Readable, Readable, undefined]
  const streams = [out, err, own]
  const stdout = keepTail()
  const output = keepTail()
  const complaints = keepTail()
  for (const stream of streams) stream.setEncoding('utf8')
  out.on('data', (chunk: string) => {
    stdout.add(chunk)
    output.add(chunk)
  })
  err.on('data', (chunk: string) => output.add(chunk))
  own.on('data', (chunk: string) => complaints.add(chunk))

  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  if (pid === undefined) {
    await exited
    throw new Error(`Could not start ${process.execPath}`)
  }
  let timedOut = false
  const end = () => void endProcessGroup(pid)
  const timer = setTimeout(() => {
    timedOut = true
    end()
  }, limit)
  signal.addEventListener('abort', end, { once: true })
  if (signal.aborted) end()

  const [exitCode, exitSignal] = await exited
  const duration = now() - started
  clearTimeout(timer)
  signal.removeEventListener('abort', end)
  await endProcessGroup(pid)
  await drained(streams)
  return {
    exitCode,
    signal: exitSignal,
    timedOut,
    limit,
    duration,
    stdout: stdout.text,
    output: output.text,
    complaints: complaints.text.split('\n').filter(line => line !== ''),
  }
}
