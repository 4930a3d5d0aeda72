import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { run } from './command.js'
import { type PackedProject, packedProject } from './packed-project.js'

const test = suite('package: plain JavaScript, and how it is loaded')

const USE = (load: string, tasks: string) => `
${load}
async function main() {
  const scheduler = new SchedulerThread({ tasks: ${tasks}, lanes: { only: {} } })
  try {
    await scheduler.start()
    const sum = await scheduler.lanes.only.run('add', [1, 2])
    const lane = await scheduler.lanes.only.run('where')
    const fails = await scheduler.lanes.only.run('absent').catch(error => error.code)
    console.log(sum, lane, fails, fails in ERROR_CODES)
  } finally {
    await scheduler.close()
  }
}
main()
`
const PRINTS = '3 only ERR_TASK_UNKNOWN true\n'

const ESM_TASKS = `import { currentTask } from 'multilane/task'
export const add = (a, b) => a + b
export async function where() {
  await null
  return currentTask().lane
}
`
const COMMONJS_TASKS = `const { currentTask } = require('multilane/task')
module.exports = { add: (a, b) => a + b, where: async () => currentTask().lane }
`

/** What a compiler makes of `export *`, `export function` and `export default`. */
const COMPILED_TASKS = `"use strict"
Object.defineProperty(exports, '__esModule', { value: true })
exports.setup = setup
exports.teardown = teardown
exports.default = { hidden: () => 'of no use' }
const errors = require('./coded-error.cjs')
Object.defineProperty(exports, 'fail', { enumerable: true, get: function () { return errors.fail } })
let greeting
function setup(data) { greeting = data.greeting }
function teardown() { require('node:fs').writeSync(1, 'torn down\\n') }
exports.greet = () => greeting
`
const CODED_ERROR = `const { registerError } = require('multilane/task')
class CodedError extends Error {
  constructor(code) {
    super('it has a code')
    this.code = code
  }
}
registerError(CodedError)
exports.CodedError = CodedError
exports.fail = code => { throw new CodedError(code) }
`
const USE_COMPILED = `const { join } = require('node:path')
const { SchedulerThread } = require('multilane')
const { CodedError } = require('./coded-error.cjs')
async function main() {
  const only = { workerData: { greeting: 'hello from setup' } }
  const scheduler = await SchedulerThread.start({ tasks: join(__dirname, 'compiled.cjs'), lanes: { only } })
  const greeting = await scheduler.lanes.only.run('greet')
  const error = await scheduler.lanes.only.run('fail', [7]).catch(error => error)
  const hidden = await scheduler.lanes.only.run('hidden').catch(error => error.code)
  console.log(greeting, error instanceof CodedError, error.code, hidden)
  await scheduler.close()
}
main()
`

const URL_OF = (name: string) => `new URL('./${name}', import.meta.url)`
const PATH_OF = (name: string) => `require('node:path').join(__dirname, '${name}')`
const IMPORT = "import { ERROR_CODES, SchedulerThread } from 'multilane'"
const REQUIRE = "const { ERROR_CODES, SchedulerThread } = require('multilane')"

let project: PackedProject
test.before(async () => {
  project = (await packedProject()).write({
    'tasks.mjs': ESM_TASKS,
    'tasks.cjs': COMMONJS_TASKS,
    'coded-error.cjs': CODED_ERROR,
    'import.mjs': USE(IMPORT, URL_OF('tasks.mjs')),
    'import-commonjs-tasks.mjs': USE(IMPORT, URL_OF('tasks.cjs')),
    'require.cjs': USE(REQUIRE, PATH_OF('tasks.cjs')),
    'require-module-tasks.cjs': USE(REQUIRE, PATH_OF('tasks.mjs')),
    'import-later.cjs': USE('', PATH_OF('tasks.cjs')).replace(
      'async function main() {',
      "async function main() {\n  const { ERROR_CODES, SchedulerThread } = await import('multilane')",
    ),
    'both.mjs': `import { createRequire } from 'node:module'
import * as imported from 'multilane'
const required = createRequire(import.meta.url)('multilane')
console.log(required.SchedulerThread === imported.SchedulerThread)
`,
    'idle.mjs': `${IMPORT}
const lanes = { only: {}, other: { priority: 'background' } }
await SchedulerThread.start({ tasks: ${URL_OF('tasks.mjs')}, lanes })
console.log(Object.keys(ERROR_CODES).length > 0)
`,
  })
})
test.after(() => project.remove())

test('ESM, with tasks of either kind', async () => {
  assert.is(await project.node('import.mjs'), PRINTS)
  assert.is(await project.node('import-commonjs-tasks.mjs'), PRINTS)
})

test('CommonJS by require(), with tasks of either kind', async () => {
  assert.is(await project.node('require.cjs'), PRINTS)
  assert.is(await project.node('require-module-tasks.cjs'), PRINTS)
})

test('CommonJS by import()', async () => {
  assert.is(await project.node('import-later.cjs'), PRINTS)
})

test('require() says nothing on the side', async () => {
  const { code, stderr } = await run(process.execPath, ['require.cjs'], project.directory)
  assert.is(code, 0)
  assert.is(stderr, '')
})

test('CommonJS tasks as compilers write them, with hooks and an error class of their own', async () => {
  project.write({ 'compiled.cjs': COMPILED_TASKS, 'use-compiled.cjs': USE_COMPILED })
  assert.is(await project.node('use-compiled.cjs'), 'hello from setup true 7 ERR_TASK_UNKNOWN\ntorn down\n')
})

test('require() and import make one and the same library', async () => {
  assert.is(await project.node('both.mjs'), 'true\n')
})

test('a process whose lanes are idle ends by itself, with nothing closed', async () => {
  assert.is(await project.node('idle.mjs'), 'true\n')
})

test('what is not exported cannot be reached', async () => {
  project.write({
    'inside.mjs': `await import('multilane/dist/core/task.js').catch(error => console.log(error.code))`,
  })
  assert.is(await project.node('inside.mjs'), 'ERR_PACKAGE_PATH_NOT_EXPORTED\n')
})

test.run()
