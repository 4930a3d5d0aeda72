import { availableParallelism } from 'node:os'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { selectTests } from '../support/runner/discover.js'
import { parseOptions } from '../support/runner/options.js'
import { parseSummary } from '../support/runner/parse-summary.js'
import { ownTimeLimit } from '../support/runner/time-limit.js'

const test = suite('runner: its pure parts')

const SUMMARY = '\n  Total:     3\n  Passed:    2\n  Skipped:   1\n  Duration:  0.52ms\n\n'

test('a summary is read, coloured or plain', () => {
  const counts = { total: 3, passed: 2, skipped: 1 }
  assert.equal(parseSummary(SUMMARY), { kind: 'one', counts })
  assert.equal(parseSummary(SUMMARY.replaceAll('\n', '\r\n')), { kind: 'one', counts })
  const coloured = SUMMARY.replace('  Passed:    2', '\u001b[31m  Passed:    2\u001b[39m')
  assert.equal(parseSummary(coloured), { kind: 'one', counts })
})

test('no summary, half of one and two of them are told apart from one', () => {
  assert.equal(parseSummary(''), { kind: 'none' })
  assert.equal(parseSummary('\n  Total:     3\n'), { kind: 'none' })
  assert.equal(parseSummary(SUMMARY + SUMMARY), { kind: 'several' })
})

test('the time limit of a file is read from its head', () => {
  assert.equal(ownTimeLimit('// @time-limit 60s\n'), { kind: 'set', limit: 60_000 })
  assert.equal(ownTimeLimit('import x\n// @time-limit 250ms'), { kind: 'set', limit: 250 })
  assert.equal(ownTimeLimit('// @time-limit 2 m'), { kind: 'set', limit: 120_000 })
  assert.equal(ownTimeLimit('// nothing of the kind'), { kind: 'none' })
  assert.equal(ownTimeLimit(`${'\n'.repeat(10)}// @time-limit 60s`), { kind: 'none' })
  for (const unreadable of ['', ' 0s', ' 60', ' 1h', ' -1s', ' x60s']) {
    assert.is(ownTimeLimit(`// @time-limit${unreadable}`).kind, 'unreadable')
  }
})

test('what is run is what has both a source and a compiled test', () => {
  const compiled = ['b.test.js', 'a.test.js', 'gone.test.js', 'support/clock.js', 'a.test.d.ts']
  const sources = ['a.test.ts', 'b.test.ts', 'new.test.ts', 'support/clock.ts']
  assert.equal(selectTests(compiled, sources, []), {
    files: ['a.test.js', 'b.test.js'],
    stale: ['gone.test.js'],
    uncompiled: ['new.test.ts'],
    idleFilters: [],
  })
  assert.equal(selectTests(compiled, sources, ['a.', 'gone']), {
    files: ['a.test.js'],
    stale: ['gone.test.js'],
    uncompiled: [],
    idleFilters: ['gone'],
  })
})

test('options have defaults, and are checked', () => {
  const options = parseOptions(['core', '--limit', '10', 'lanes'], 'home')
  assert.equal(options.filters, ['core', 'lanes'])
  assert.equal([options.limit, options.jobs, options.verbose], [10, availableParallelism(), false])
  assert.ok(options.most > options.jobs)
  const alone = parseOptions(['--jobs', '1'], 'home')
  assert.equal([alone.jobs, alone.most], [1, 1], 'who wants the machine alone gets it')
  assert.throws(() => parseOptions(['--limit', '1.5'], 'home'), /--limit takes a whole number/)
  assert.throws(() => parseOptions(['--lmit', '1'], 'home'), /--lmit/)
})

test.run()
