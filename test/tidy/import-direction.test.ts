import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readSources, SOURCE_FOLDERS } from '../support/source-tree.js'
import { expectClean } from './rules/expect-clean.js'
import { findWrongImports } from './rules/import-direction.js'

const test = suite('tidy: import direction')

function faultsOf(path: string, text: string): string[] {
  return findWrongImports({ path, text }).map(({ line, message }) => `${line}: ${message}`)
}

const WRONG: readonly (readonly [path: string, text: string, message: RegExp])[] = [
  ['src/core/task.ts', `import { on } from 'node:events'`, /src\/core imports only src\/core/],
  ['src/core/task.ts', `import * as comlink from 'comlink'`, /src\/core imports only/],
  ['src/core/task.ts', `import type { Port } from '../bridge/port.js'`, /src\/core imports only/],
  ['src/core/deep/task.ts', `const port = await import('../../bridge/port.js')`, /src\/core imports only/],
  ['src/bridge/port.ts', `import {\n  Lane,\n} from '../lanes/lane.js'`, /src\/bridge imports core, bridge/],
  ['src/bridge/port.ts', `import 'piscina'`, /src\/bridge imports/],
  ['src/bridge/port.ts', `import fs from 'fs'`, /src\/bridge imports/],
  ['src/lanes/lane.ts', `import { Piscina } from 'piscina'`, /go through src\/lanes\/lane-pool\.ts/],
  ['src/lanes/lane.ts', `import { wrap } from 'comlink'`, /through src\/bridge for comlink/],
  [
    'src/lanes/lane-pool.ts',
    `const { wrap } = require('comlink/dist/umd')`,
    /through src\/bridge for comlink/,
  ],
  ['src/lanes/lane.ts', `import { Lane } from '../index.js'`, /not from src\/index\.ts/],
  ['src/lanes/lane.ts', `import { currentTask } from '../task.js'`, /src\/lanes imports/],
  ['src/lanes/lane.ts', `import { Task } from '#src/core/task.js'`, /a relative path in src/],
  ['src/lanes/lane.ts', `import { run } from '../../test/support/run.js'`, /src\/lanes imports/],
  ['src/lanes/lane.ts', `export { Task } from '../core/task.js'`, /Re-export only from/],
  ['src/lanes/lane.ts', `export type * from '../core/task.js'`, /Re-export only from/],
  ['src/index.ts', `export * from 'piscina'`, /A barrel only lists/],
  ['src/task.ts', `export { start } from './index.js'`, /not from src\/index\.ts/],
  ['src/extra.ts', '', /Move the file to/],
  ['src/misplaced/extra.ts', '', /Move the file to/],
  ['test/core/task.test.ts', `import { Task } from '../../src/core/task.js'`, /'#src\/…'/],
  ['test/core/task.test.ts', `import { Task } from '../../dist/core/task.js'`, /'#src\/…'/],
  ['test/core/task.test.ts', `import { Task } from 'multilane/core'`, /Import the library as/],
  ['bench/src/main.ts', `import { Task } from '#src/core/task.js'`, /'multilane' or 'multilane\/task', not/],
  [
    'daemon/src/main.ts',
    `import { Task } from '../../src/index.js'`,
    /'multilane' or 'multilane\/task', not/,
  ],
]

for (const [path, text, message] of WRONG) {
  test(`refused in ${path}: ${text.replaceAll('\n', ' ') || 'the file itself'}`, () => {
    const faults = faultsOf(path, text)
    assert.is(faults.length, 1, faults.join('\n'))
    assert.match(faults[0] ?? '', message)
  })
}

const RIGHT: readonly (readonly [path: string, text: string])[] = [
  ['src/core/task.ts', `import { State } from './task-state.js'\nimport type { Clock } from './clock.js'`],
  ['src/core/task.ts', `// import { on } from 'node:events'\nconst text = "import 'piscina'"`],
  ['src/core/task.ts', 'export const from = 1\nexport function port() {}\n'],
  ['src/bridge/port.ts', `import { on } from 'node:events'\nimport { wrap } from 'comlink'`],
  ['src/bridge/port.ts', `import { Task } from '../core/task.js'\nimport { table } from './shared-table.js'`],
  ['src/lanes/lane-pool.ts', `import { Piscina } from 'piscina'\nimport { port } from '../bridge/port.js'`],
  ['src/lanes/sync-pool.ts', `import type { Piscina } from 'piscina'`],
  ['src/lanes/lane-entry.cts', `const threads = require('node:worker_threads')\nimport('./run-loop.js')`],
  ['src/index.ts', `export { Task } from './core/task.js'\nexport type { Lane } from './lanes/lane.js'`],
  ['test/core/task.test.ts', `import { Task } from '#src/core/task.js'\nimport { suite } from 'uvu'`],
  [
    'test/lanes/lane.test.ts',
    `import { start } from 'multilane'\nimport { clock } from '../support/clock.js'`,
  ],
  ['bench/src/main.ts', `import { start } from 'multilane'\nimport { currentTask } from 'multilane/task'`],
]

for (const [path, text] of RIGHT) {
  test(`allowed in ${path}: ${text.replaceAll('\n', ' ')}`, () => {
    assert.equal(faultsOf(path, text), [])
  })
}

test('the tree keeps to it', () => {
  expectClean(readSources(...SOURCE_FOLDERS), findWrongImports)
})

test.run()
