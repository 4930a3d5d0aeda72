import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { repoRoot } from '../support/repo-root.js'
import { skipUnless } from '../support/skip.js'
import type { SourceFile } from '../support/source-tree.js'
import { expectClean } from './rules/expect-clean.js'
import { findMachinePaths } from './rules/machine-paths.js'

const test = suite('tidy: paths of one machine')

const LIST_FILES = ['ls-files', '-z', '-co', '--exclude-standard']
const listed = spawnSync('git', LIST_FILES, { cwd: repoRoot, encoding: 'utf8', maxBuffer: 64_000_000 })

function readTextFile(path: string): SourceFile[] {
  try {
    const text = readFileSync(join(repoRoot, path), 'utf8')
    return text.includes('\0') ? [] : [{ path, text }]
  } catch {
    // Tracked and deleted, or the link of a workspace: nothing to read.
    return []
  }
}

test('a path of one machine is found', () => {
  for (const folder of ['work', 'root', 'tmp']) {
    const place = `/${folder}/`
    for (const text of [`cd ${place}x`, `'${place}x'`, `file://${place}x`, `(${place})`, place]) {
      assert.is(findMachinePaths({ path: 'docs/a.md', text }).length, 1, text)
    }
    for (const text of [
      `./a${place}x`,
      `https://a.org${place}x`,
      `..${place}`,
      `/${folder}s/`,
      `~${place}`,
    ]) {
      assert.equal(findMachinePaths({ path: 'docs/a.md', text }), [], text)
    }
  }
})

const inCheckout = skipUnless(listed.status === 0, 'needs git and a checkout')
inCheckout(test)('no file of the repository names one', () => {
  const files = listed.stdout.split('\0').filter(path => path !== '')
  expectClean(files.flatMap(readTextFile), findMachinePaths)
})

test.run()
