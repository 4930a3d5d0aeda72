import { readFileSync } from 'node:fs'
import { dirname, join, posix, sep } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type CompileOptions, compile, listed } from '../types/compiler.js'
import { type PackedProject, packedProject } from './packed-project.js'

const test = suite('package: the declarations')

const ENTRIES = ['index.d.ts', 'task.d.ts']

/** Everything that is public, used: what an import does not reach is not looked at. */
const USER = `
import { ERROR_CODES, LaneError, SchedulerThread, registerError } from 'multilane'
import type { LaneOptions, SchedulerOptions, SchedulerStats, TaskHandle, TaskOptions } from 'multilane'
import { currentTask } from 'multilane/task'

declare const tasks: { add(a: number, b: number): number }
const lane: LaneOptions = { priority: 'background' }
const options: SchedulerOptions<'bulk'> = { tasks: new URL('file:///tasks.js'), lanes: { bulk: lane } }
const scheduler = new SchedulerThread<typeof tasks, 'bulk'>(options)
const limits: TaskOptions<number> = { timeout: 5, signal: currentTask().signal }
export const task: TaskHandle<number> = scheduler.lanes.bulk.submit('add', [1, 2], limits)
export const stats: Promise<SchedulerStats> = scheduler.stats()
export const close: () => Promise<void> = scheduler[Symbol.asyncDispose]
registerError(LaneError)
export const codes: string[] = Object.keys(ERROR_CODES)
`

const WEB = ['ES2022', 'DOM']
const SETTINGS: Readonly<Record<string, Omit<CompileOptions, 'files'>>> = {
  'with the default library and no types of Node': {},
  'with skipLibCheck': { skipLibCheck: true },
  'with the library of 2022 and the web alone': { lib: WEB },
  'with the types of Node and no web': { lib: ['ES2022'], types: ['node'] },
  'with the types of Node and the web': { lib: WEB, types: ['node'] },
  'with the latest library': { target: 'esnext' },
  'as strictly as can be': {
    lib: WEB,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    isolatedModules: true,
    verbatimModuleSyntax: true,
    noPropertyAccessFromIndexSignature: true,
  },
  'for a bundler': { module: 'preserve', moduleResolution: 'bundler', lib: WEB },
}

let project: PackedProject
test.before(async () => {
  project = (await packedProject()).write({ 'user.ts': USER })
})
test.after(() => project.remove())

for (const [setting, options] of Object.entries(SETTINGS)) {
  test(`they compile ${setting}`, async () => {
    const diagnostics = await compile(project.directory, { files: ['user.ts'], noEmit: true, ...options })
    assert.is(diagnostics.length, 0, listed(diagnostics))
  })
}

/** The declarations that a public one leads to, with what each imports from outside. */
function reachable(root: string): Map<string, string[]> {
  const found = new Map<string, string[]>()
  const waiting = [...ENTRIES]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (found.has(path)) continue
    const text = readFileSync(join(root, path), 'utf8')
    const specifiers = [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*['"]([^'"]+)['"]/g)].map(
      ([, s = '']) => s,
    )
    found.set(
      path,
      specifiers.filter(specifier => !specifier.startsWith('.')),
    )
    for (const specifier of specifiers.filter(one => one.startsWith('.'))) {
      const folder = dirname(path).split(sep).join('/')
      waiting.push(posix.join(folder, specifier).replace(/\.js$/, '.d.ts'))
    }
  }
  return found
}

test('they lead to no package, and to no module of Node', () => {
  const root = join(project.directory, 'node_modules', 'multilane', 'dist')
  const found = reachable(root)
  assert.ok(found.has('lanes/scheduler-thread.d.ts'), 'the entries lead to the scheduler')
  const foreign = [...found].flatMap(([path, specifiers]) => specifiers.map(one => `${path} imports ${one}`))
  assert.equal(foreign, [])
  for (const path of found.keys()) {
    assert.not.match(readFileSync(join(root, path), 'utf8'), /\bNodeJS\.|types="node"/, path)
  }
})

test.run()
