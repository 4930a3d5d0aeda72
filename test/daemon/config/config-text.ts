import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { ConfigError } from '#daemon/config/config-error.js'
import type { DaemonConfig } from '#daemon/config/daemon-config.js'
import { type ParseOptions, parseConfig } from '#daemon/config/parse-config.js'
import { thrownBy } from '../../support/rejection.js'
import { repoRoot } from '../../support/repo-root.js'

/** A folder that has jobs/wait.js and more modules. */
export const exampleFolder = join(repoRoot, 'daemon', 'example')

export function parse(text: string, options: Partial<ParseOptions> = {}): DaemonConfig {
  return parseConfig(text, { folder: exampleFolder, file: 'm.yaml', ...options })
}

export function errorOf(text: string, options: Partial<ParseOptions> = {}): ConfigError {
  return thrownBy(() => parse(text, options), ConfigError)
}

/** Asserts that the text has just these problems: the beginnings of the error's lines. */
export function refuses(text: string, ...starts: readonly string[]): void {
  const error = errorOf(text)
  const lines = error.message.split('\n')
  const shown = `\n${error.message}\n---\n${text.slice(0, 2000)}`
  assert.is(lines.length, starts.length, shown)
  for (const [index, start] of starts.entries())
    assert.ok(lines[index]!.startsWith(start), `${start}${shown}`)
  assert.is(error.code, 'ERR_CONFIG')
  assert.is(error.problems.length, starts.length)
}

/** Calls with a folder that is gone afterwards. */
export async function inFolder(use: (folder: string) => Promise<void> | void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'multilaned-config-'))
  try {
    await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
