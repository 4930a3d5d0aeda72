import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { skipUnless } from '../support/skip.js'
import { type CompileOptions, compile, listed } from '../types/compiler.js'
import { type PackedProject, packedProject } from './packed-project.js'
import { readmeExamples } from './readme-blocks.js'

const test = suite('package: the examples of README.md')

const { files, output } = readmeExamples()
const TYPESCRIPT = ['tasks.ts', 'main.ts', 'main-using.ts', 'summary.ts']
const COFFEE = '820\n'

const NODE_MAJOR = Number.parseInt(process.versions.node, 10)
/** Strips types by itself, without a flag. */
const STRIPS_TYPES = Reflect.get(process.features, 'typescript') === 'strip'

let project: PackedProject
test.before(async () => {
  project = (await packedProject()).write(files)
})
test.after(() => project.remove())

async function compiles(options: Omit<CompileOptions, 'files'>): Promise<void> {
  const diagnostics = await compile(project.directory, { files: TYPESCRIPT, ...options })
  assert.is(diagnostics.length, 0, listed(diagnostics))
}

test('they are all there', () => {
  assert.equal(Object.keys(files).sort(), [...TYPESCRIPT, 'main.cjs', 'tasks.cjs'].sort())
})

for (const types of [[], ['node']]) {
  for (const skipLibCheck of [true, false]) {
    const checks = skipLibCheck ? 'with' : 'without'
    test(`they compile ${checks} skipLibCheck, types: ${types.join() || 'none'}`, () =>
      compiles({ types, skipLibCheck, noEmit: true }))
  }
}

test('they compile with what tsc --init sets', () =>
  compiles({
    target: 'esnext',
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    verbatimModuleSyntax: true,
    isolatedModules: true,
    noUncheckedSideEffectImports: true,
    moduleDetection: 'force',
    skipLibCheck: true,
    noEmit: true,
  }))

test('the first one prints what README.md says', async () => {
  await compiles({ outDir: 'build' })
  assert.is(await project.node('build/main.js'), output)
})

test('await using runs where TypeScript lowers it', async () => {
  await compiles({ outDir: 'build', target: 'es2022' })
  assert.is(await project.node('build/main-using.js'), COFFEE)
})

const knowsUsing = skipUnless(NODE_MAJOR >= 24, 'needs a Node that knows await using')
knowsUsing(test)('await using runs as it is', async () => {
  await compiles({ outDir: 'build-esnext', target: 'esnext' })
  assert.is(await project.node('build-esnext/main-using.js'), COFFEE)
})

const strips = skipUnless(STRIPS_TYPES, 'needs a Node that strips types')
strips(test)('the task module runs as TypeScript, without a build', async () => {
  project.write({ 'strip.ts': (files['main.ts'] ?? '').replace(/'\.\/tasks\.js'/g, "'./tasks.ts'") })
  assert.is(await project.node('strip.ts', '--disable-warning=ExperimentalWarning'), output)
})

test('the one for CommonJS runs', async () => {
  assert.is(await project.node('main.cjs'), COFFEE)
})

test.run()
