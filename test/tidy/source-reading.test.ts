// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the samples are source texts
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { codeOf, commentsOf } from '../support/source-text.js'
import { importsOf, resolveImport } from '../support/source-tree.js'

const test = suite('tidy: how sources are read')

const CODE: readonly (readonly [text: string, code: string])[] = [
  [`a // b 'c'`, 'a         '],
  ['a /* b\n c */ d', 'a     \n      d'],
  [`'a//b' + c`, `'    ' + c`],
  [`'it\\'s' + b`, `'     ' + b`],
  ['`a ${b + `c ${d}`} e` + f', '`  ${b + `  ${d}`}  ` + f'],
  ['`${ { a: 1 }.a } b`', '`${ { a: 1 }.a }  `'],
  [`/['"]/.test(a)`, '/    /.test(a)'],
  [`a.replace(/[/]'/g, b)`, 'a.replace(/    /g, b)'],
  ['a / b / c', 'a / b / c'],
  ['i++ / 2 / 3', 'i++ / 2 / 3'],
  [`(a + b) / 2 // 'c'`, '(a + b) / 2       '],
  ['return /a/', 'return / /'],
  [`x[0] / 'a'.length / b`, `x[0] / ' '.length / b`],
  [`'a' /* b */ / c / d`, `' '         / c / d`],
  ['#!/usr/bin/env node\na', `${' '.repeat(19)}\na`],
]

for (const [text, code] of CODE) {
  test(`code of: ${text.replaceAll('\n', ' ')}`, () => {
    assert.is(codeOf(text), code)
    assert.is(codeOf(text).length, text.length)
  })
}

test('comments are what code is not', () => {
  assert.is(commentsOf(`a // b\n'// c' /* d */`), `  // b\n       /* d */`)
})

test('imports of every form are read, with their lines', () => {
  const text = [
    `import a, { b } from 'one'`,
    `import type {\n  C,\n} from "two"`,
    `import * as d from './three.js'`,
    `import 'four'`,
    `export * as e from 'five'`,
    `export type { F } from 'six'`,
    `const g = await import('seven')`,
    `type H = typeof import('eight')`,
    `const i = require('nine')`,
    `// import 'no'`,
    `const j = "import 'no'"`,
    `const from = Array.from('no')`,
    `const k = new URL('no', import.meta.url)`,
    `export function l() {}`,
    `import m from 'ten'`,
  ].join('\n')
  assert.equal(
    importsOf(text).map(({ specifier, line, kind }) => `${line} ${kind} ${specifier}`),
    [
      '1 import one',
      '2 import two',
      '5 import ./three.js',
      '6 import four',
      '7 re-export five',
      '8 re-export six',
      '9 dynamic seven',
      '10 dynamic eight',
      '11 dynamic nine',
      '17 import ten',
    ],
  )
})

test('imports are resolved to paths in the repository', () => {
  assert.is(resolveImport('src/lanes/lane.ts', '../core/task.js'), 'src/core/task.ts')
  assert.is(resolveImport('src/lanes/lane.ts', './entry.cjs'), 'src/lanes/entry.cts')
  assert.is(resolveImport('test/core/a.test.ts', '#src/core/task.js'), 'src/core/task.ts')
  assert.is(resolveImport('src/lanes/lane.ts', 'piscina'), undefined)
  assert.is(resolveImport('src/lanes/lane.ts', 'node:fs'), undefined)
})

test.run()
