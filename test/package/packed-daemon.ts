import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { repoRoot } from '../support/repo-root.js'
import { outputOf, run } from './command.js'
import { pack, shareNodeTypes } from './packed-project.js'

const READY = /^multilaned listening on (\S+)$/m

/** What a user of the daemon has: a folder of their own with the daemon and the library from their tarballs. */
export interface DaemonProject {
  readonly directory: string
  readonly tarball: string
  write(files: Readonly<Record<string, string>>): DaemonProject
  remove(): void
}

export interface InstalledDaemon {
  readonly address: string
  readonly output: () => { readonly stdout: string; readonly stderr: string }
  /** Sends a signal and waits for the end. @returns the exit code */
  readonly end: (signal?: NodeJS.Signals) => Promise<number | null>
}

/** The tarball of the daemon as it was built, in a new folder. */
export async function packDaemon(): Promise<{ readonly directory: string; readonly tarball: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'multilaned-package-'))
  const script = join(repoRoot, 'scripts', 'pack-daemon.mjs')
  const name = outputOf(await run(process.execPath, [script, directory], directory)).trim()
  return { directory, tarball: join(directory, name) }
}

export async function daemonProject(): Promise<DaemonProject> {
  const library = await pack()
  const daemon = await packDaemon()
  const directory = join(daemon.directory, 'project')
  const project: DaemonProject = {
    directory,
    tarball: daemon.tarball,
    write(files) {
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(directory, path)), { recursive: true })
        writeFileSync(join(directory, path), text)
      }
      return project
    },
    remove: () => rmSync(daemon.directory, { recursive: true, force: true }),
  }
  project.write({ 'package.json': JSON.stringify({ name: 'somebody', private: true, type: 'module' }) })
  const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', library, daemon.tarball]
  outputOf(await run('npm', install, directory))
  shareNodeTypes(directory)
  return project
}

/** The path of the installed command. */
export function multilaned(project: DaemonProject): string {
  return join(project.directory, 'node_modules', 'multilaned', 'dist', 'bin.js')
}

/** Starts the installed command in a folder, and resolves once it says that it listens. */
export async function startInstalled(
  project: DaemonProject,
  cwd: string,
  flags: readonly string[],
): Promise<InstalledDaemon> {
  const child = spawn(process.execPath, [multilaned(project), ...flags], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit') as Promise<[number | null]>
  const text = collected(child)
  const end: InstalledDaemon['end'] = async (signal = 'SIGTERM') => {
    child.kill(signal)
    return (await exited)[0]
  }
  const ready = new Promise<string>(resolve => {
    child.stdout?.on('data', () => {
      const address = READY.exec(text.stdout)?.[1]
      if (address !== undefined) resolve(address)
    })
  })
  const address = await Promise.race([ready, exited.then(() => null)])
  if (address === null) throw new Error(`multilaned ended before it listened\n${text.stdout}${text.stderr}`)
  return { address, output: () => ({ ...text }), end }
}

function collected(child: ChildProcess): { stdout: string; stderr: string } {
  const text = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', chunk => {
      text[stream] += chunk
    })
  }
  return text
}

/** Every file below a folder with its size and time of change, to see whether something was written there. */
export function filesIn(directory: string): Record<string, string> {
  const files: Record<string, string> = {}
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const { size, mtimeMs } = statSync(path)
    files[path.slice(directory.length + 1)] = `${size} bytes, ${mtimeMs}`
  }
  return files
}
