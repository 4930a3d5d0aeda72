import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { repoRoot } from '../support/repo-root.js'

const CLI = fileURLToPath(new URL('../support/runner/cli.js', import.meta.url))
// Inside the repository, so that the fixtures find uvu; hidden, so that the runner does not find the fixtures.
const FIXTURES = join(repoRoot, 'build', 'test', '.tmp')

export interface RunnerOutcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** The last line, which closes the run. */
  readonly closing: string
}

export interface FixtureTree {
  readonly root: string
  readonly sources: string
  remove(): void
}

/**
 * Writes test files as both source and compiled test: plain JavaScript is either.
 * `leaveOut` names the ones not to write, for a test without its source or the other way round.
 */
export function plantTests(
  files: Readonly<Record<string, string>>,
  leaveOut: readonly string[] = [],
): FixtureTree {
  mkdirSync(FIXTURES, { recursive: true })
  const directory = mkdtempSync(join(FIXTURES, 'tree-'))
  const root = join(directory, 'compiled')
  const sources = join(directory, 'sources')
  const plant = (path: string, text: string) => {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  mkdirSync(root)
  mkdirSync(sources)
  for (const [name, text] of Object.entries(files)) {
    for (const path of [`${name}.test.js`, `${name}.test.ts`]) {
      if (!leaveOut.includes(path)) plant(join(path.endsWith('.js') ? root : sources, path), text)
    }
  }
  return { root, sources, remove: () => rmSync(directory, { recursive: true, force: true }) }
}

export interface StartedRunner {
  readonly outcome: Promise<RunnerOutcome>
  kill(signal: NodeJS.Signals): void
}

export function startRunner({ root, sources }: FixtureTree, args: readonly string[] = []): StartedRunner {
  const child = spawn(process.execPath, [CLI, '--root', root, '--sources', sources, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
  })
  const outcome = new Promise<RunnerOutcome>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code =>
      resolve({ code, stdout, stderr, closing: stdout.trimEnd().split('\n').at(-1) ?? '' }),
    )
  })
  return { outcome, kill: signal => void child.kill(signal) }
}

/** Plants the files, runs the runner over them and cleans up. */
export async function runTree(
  files: Readonly<Record<string, string>>,
  args: readonly string[] = [],
  leaveOut: readonly string[] = [],
): Promise<RunnerOutcome> {
  const tree = plantTests(files, leaveOut)
  try {
    return await startRunner(tree, args).outcome
  } finally {
    tree.remove()
  }
}

/** A test file whose suite is called `test`; uvu and its assert are at hand. */
export function suiteFile(body: string): string {
  return `import { suite } from 'uvu'
import * as assert from 'uvu/assert'
const test = suite('fixture')
${body}
`
}
