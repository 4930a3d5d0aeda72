import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repoRoot } from '../repo-root.js'

const BIN = join(repoRoot, 'daemon/dist/bin.js')
const EXAMPLE = join(repoRoot, 'daemon/example/multilaned.yaml')
const READY_BOUND_MS = 30_000
const READY = /^multilaned listening on (\S+)$/m

export interface DaemonProcessOptions {
  /** YAML text; without it the `multilaned.yaml` of the folder, and without that too the shipped example. */
  readonly config?: string
  /** A folder that outlives the daemon, for a restart on the same store; without it one of its own. */
  readonly folder?: string
  readonly flags?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export interface DaemonEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** The started binary, and what its user sees of it. */
export interface DaemonProcess {
  readonly pid: number
  readonly address: string
  readonly folder: string
  readonly exited: Promise<DaemonEnd>
  readonly fetch: (path: string, init?: RequestInit) => Promise<Response>
  readonly output: () => { readonly stdout: string; readonly stderr: string }
  /** Sends a signal and waits for the end. */
  readonly end: (signal?: NodeJS.Signals) => Promise<DaemonEnd>
}

/** Starts the binary on a free port, and resolves once it says that it listens. */
export async function startDaemon(options: DaemonProcessOptions = {}): Promise<DaemonProcess> {
  const folder = options.folder ?? (await daemonFolder())
  const config = join(folder, 'multilaned.yaml')
  if (options.config !== undefined) await writeFile(config, options.config)
  const file = existsSync(config) ? config : EXAMPLE
  const flags = ['--config', file, '--port', '0', '--data', join(folder, 'data'), ...(options.flags ?? [])]
  const child = spawn(process.execPath, [BIN, ...flags], {
    cwd: folder,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = collect(child)
  const exited = new Promise<DaemonEnd>(resolve => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
  const address = await readyAddress(child, output, exited)
  return {
    pid: child.pid!,
    address,
    folder,
    exited,
    fetch: (path, init) => {
      const headers = new Headers(init?.headers)
      // One connection a request: one that is kept may be closed by the daemon just as the next request leaves.
      headers.set('connection', 'close')
      return fetch(new URL(path, address), { redirect: 'manual', ...init, headers })
    },
    output,
    end: (signal = 'SIGTERM') => {
      child.kill(signal)
      return exited
    },
  }
}

/** A new folder, for a configuration and a store; the caller removes it. */
export function daemonFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'multilaned-test-'))
}

/** Runs a test with a daemon of its own, and leaves nothing behind. */
export async function withDaemon<T>(
  options: DaemonProcessOptions,
  use: (daemon: DaemonProcess) => Promise<T>,
): Promise<T> {
  const daemon = await startDaemon(options)
  try {
    return await use(daemon)
  } finally {
    await daemon.end('SIGKILL')
    if (options.folder === undefined) await rm(daemon.folder, { recursive: true, force: true })
  }
}

function collect(child: ChildProcess): () => { stdout: string; stderr: string } {
  const text = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', chunk => {
      text[stream] += chunk
    })
  }
  return () => ({ ...text })
}

function readyAddress(
  child: ChildProcess,
  output: DaemonProcess['output'],
  exited: Promise<DaemonEnd>,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      const { stdout, stderr } = output()
      child.kill('SIGKILL')
      reject(new Error(`the daemon ${why}\n${stdout}${stderr}`))
    }
    const timer = setTimeout(() => fail('did not say that it listens'), READY_BOUND_MS)
    const look = () => {
      const address = READY.exec(output().stdout)?.[1]
      if (address === undefined) return
      clearTimeout(timer)
      resolve(address)
    }
    child.stdout?.on('data', look)
    exited.then(({ code, signal }) => {
      clearTimeout(timer)
      fail(`ended by ${signal ?? code} before it listened`)
    })
  })
}
