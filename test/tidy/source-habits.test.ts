// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the samples are source texts
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readSources } from '../support/source-tree.js'
import { findAmbientTime } from './rules/ambient-time.js'
import { expectClean } from './rules/expect-clean.js'
import { findNotesToSelf } from './rules/left-overs.js'
import { findTypeHoles } from './rules/type-safety.js'

const test = suite('tidy: habits in src')

const path = 'src/core/sample.ts'

test('any is refused as a type, in every place a type has', () => {
  const samples = [
    'let x: any',
    'const x = y as any',
    'const x = <any>y',
    'let x: any[]',
    'let x: Array<any>',
    'type X = string | any',
    'type X = Record<string, any>',
    'type X = (...all: any[]) => void',
    'type X<T = any> = T',
    'const x = ok ? (y as any) : z',
    'const x = ok ? y as any : z',
    'const x = `${y as any}`',
  ]
  for (const text of samples) assert.is(findTypeHoles({ path, text }).length, 1, text)
})

test('any is allowed as a name, in a comment and in a text', () => {
  const samples = [
    'AbortSignal.any([one, other])',
    'const settle = { any: 1 }',
    'interface X { any?: string; any(): void }',
    '// any of these: any',
    `const text = 'any' + "as any" + \`any \${one} any\``,
    'const many = anything',
    'const isAny = /: any/.test(source)',
  ]
  for (const text of samples) assert.equal(findTypeHoles({ path, text }), [], text)
})

test('a silenced compiler is found in comments, and only there', () => {
  for (const name of ['ignore', 'nocheck', 'expect-error']) {
    const [finding] = findTypeHoles({ path, text: `let x = 1\n// @ts-${name}\nlet y = 2` })
    assert.is(finding?.line, 2, name)
    assert.equal(findTypeHoles({ path, text: `const text = '@ts-${name}'` }), [])
  }
})

test('ambient time, turns and chance are found', () => {
  const samples = [
    'const now = Date.now()',
    'const now = new Date()',
    'const start = performance.now()',
    'setTimeout(run, 1)',
    'const timer = setInterval(run, 1)',
    'setImmediate(run)',
    'queueMicrotask(run)',
    'process.nextTick(run)',
    'globalThis.setTimeout(run)',
    'const chance = Math.random()',
    'constructor(now = Date.now) {}',
  ]
  for (const text of samples) {
    const findings = findAmbientTime({ path, text })
    assert.is(findings.length, 1, text)
    assert.match(findings[0]?.message ?? '', /Take the clock/)
  }
})

test('a clock that was handed in is allowed, and so are words in comments', () => {
  const samples = [
    'const now = clock.now()',
    'this.clock.setTimeout(run, 1)',
    '// the caller may use setTimeout or Date.now()',
    'const text = `see performance.now()`',
    'interface Turn { setTimeout: (run: () => void) => void }',
    'const validDates = Math.max(1, 2)',
  ]
  for (const text of samples) assert.equal(findAmbientTime({ path, text }), [], text)
})

test('notes to self are found', () => {
  // Split, so that a search for such notes does not end here.
  for (const note of [`TO${'DO'}`, `FIX${'ME'}`, `X${'XX'}`]) {
    assert.is(findNotesToSelf({ path, text: `let x = 1 // ${note}: later` }).length, 1)
  }
  assert.equal(findNotesToSelf({ path, text: 'const todos = 1 // a todo list' }), [])
})

test('src has no type holes', () => expectClean(readSources('src'), findTypeHoles))

test('src/core has no ambient time', () => {
  const core = readSources('src').filter(source => source.path.startsWith('src/core/'))
  expectClean(core, findAmbientTime)
})

test('src has no notes to self', () => expectClean(readSources('src'), findNotesToSelf))

test.run()
