import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readSources, SOURCE_FOLDERS } from '../support/source-tree.js'
import { expectClean } from './rules/expect-clean.js'
import { findEmptyName, findLongFile, MOST_LINES } from './rules/file-shape.js'

const test = suite('tidy: file size and file names')

test('a file may have just so many lines', () => {
  const path = 'src/core/task.ts'
  assert.equal(findLongFile({ path, text: 'x\n'.repeat(MOST_LINES) }), [])
  const [finding] = findLongFile({ path, text: 'x\n'.repeat(MOST_LINES + 1) })
  assert.match(finding?.message ?? '', /^401 lines: split it/)
  assert.is(findLongFile({ path, text: `${'x\n'.repeat(MOST_LINES)}x` }).length, 1)
})

test('a name that says nothing is refused, wherever it is', () => {
  const paths = ['src/core/utils.ts', 'test/support/helpers.ts', 'test/common.test.ts', 'src/lanes/index.ts']
  for (const path of [...paths, 'bench/src/lib.js', 'demo/src/misc.ts', 'src/core/Util.ts']) {
    assert.is(findEmptyName({ path }).length, 1, path)
  }
})

test('a name that says something is allowed, and so is src/index.ts', () => {
  for (const path of [
    'src/index.ts',
    'src/core/indexing.ts',
    'src/bridge/error-codec.ts',
    'bench/src/main.ts',
  ]) {
    assert.equal(findEmptyName({ path }), [])
  }
})

test('no source file is too long', () => expectClean(readSources(...SOURCE_FOLDERS), findLongFile))

test('no source file has a name that says nothing', () => {
  expectClean(readSources(...SOURCE_FOLDERS), findEmptyName)
})

test.run()
