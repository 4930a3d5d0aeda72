import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readSources } from '../support/source-tree.js'
import { findImportRings } from './rules/import-rings.js'

const test = suite('tidy: import rings')

test('a ring of three is found, also through a type, and shown once', () => {
  const rings = findImportRings([
    { path: 'src/core/a.ts', text: `import { b } from './b.js'` },
    { path: 'src/core/b.ts', text: `import type { C } from '../bridge/c.js'` },
    { path: 'src/bridge/c.ts', text: `export * from '../core/a.js'` },
    { path: 'src/core/d.ts', text: `import { a } from './a.js'` },
  ])
  assert.equal(rings, [['src/bridge/c.ts', 'src/core/a.ts', 'src/core/b.ts', 'src/bridge/c.ts']])
})

test('a file that imports itself is a ring', () => {
  const rings = findImportRings([{ path: 'src/a.ts', text: `import('./a.js')` }])
  assert.equal(rings, [['src/a.ts', 'src/a.ts']])
})

test('two ways to the same file are no ring', () => {
  const rings = findImportRings([
    { path: 'src/a.ts', text: `import './b.js'\nimport './c.js'` },
    { path: 'src/b.ts', text: `import './d.js'` },
    { path: 'src/c.ts', text: `import './d.js'` },
    { path: 'src/d.ts', text: `// import './a.js'\nimport 'node:fs'` },
  ])
  assert.equal(rings, [])
})

test('src has none', () => {
  const sources = readSources('src')
  assert.ok(sources.length > 0, 'no source file was looked at')
  const shown = findImportRings(sources).map(ring => ring.join(' -> '))
  const advice = 'Move what both sides need into a file of its own, or hand one to the other as an argument:'
  assert.is(shown.length, 0, [advice, ...shown].join('\n'))
})

test.run()
