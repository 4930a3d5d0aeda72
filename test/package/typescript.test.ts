// @time-limit 180s
import { readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { repoRoot } from '../support/repo-root.js'
import { skipUnless } from '../support/skip.js'
import { compile, listed } from '../types/compiler.js'
import { type PackedProject, packedProject } from './packed-project.js'
import { codeBlocks, namedFiles } from './readme-blocks.js'

const test = suite('package: what docs/typescript.md shows')

const files = namedFiles(codeBlocks(readFileSync(join(repoRoot, 'docs', 'typescript.md'), 'utf8')))
const PRINTS = 'urgent: 960\nbulk: 41000\n'

/** Strips types by itself, without a flag. */
const STRIPS_TYPES = Reflect.get(process.features, 'typescript') === 'strip'
const QUIET = '--no-warnings'

let project: PackedProject
test.before(async () => {
  project = (await packedProject()).write(files)
  symlinkSync(
    join(repoRoot, 'node_modules', 'esbuild'),
    join(project.directory, 'node_modules', 'esbuild'),
    'junction',
  )
})
test.after(() => project.remove())

test('the program compiles with the options that the page names', async () => {
  const diagnostics = await compile(project.directory, {
    files: ['main.ts', 'tasks.ts', 'prices.ts'],
    noEmit: true,
    allowImportingTsExtensions: true,
    verbatimModuleSyntax: true,
    erasableSyntaxOnly: true,
  })
  assert.is(diagnostics.length, 0, listed(diagnostics))
})

const strips = skipUnless(STRIPS_TYPES, 'needs a Node that strips types')
strips(test)('where Node strips types, it runs as it is', async () => {
  assert.is(await project.node('main.ts', QUIET), PRINTS)
})

strips(test)('and so in a lane with Node options of its own', async () => {
  const withOptions = (files['main.js'] ?? '').replace(
    /^const execArgv = .*$/m,
    `const execArgv = ['${QUIET}']`,
  )
  project.write({ 'own-options.js': withOptions })
  assert.is(await project.node('own-options.js', QUIET), PRINTS)
})

test('with the loader for the whole process', async () => {
  assert.is(await project.node('main.ts', '--import', './typescript.js', QUIET), PRINTS)
})

test('with the loader in the lanes alone', async () => {
  assert.is(await project.node('main.js'), PRINTS)
})

const stripsNot = skipUnless(!STRIPS_TYPES, 'needs a Node that does not strip types')
stripsNot(test)('with neither, the error says which file and why', async () => {
  const [withoutLoader] = (files['main.js'] ?? '').split(/^try \{$/m)
  project.write({
    'neither.js': `${withoutLoader}`
      .replace(/^const execArgv = .*$/m, 'const execArgv = []')
      .replace(/\n\}\)\n/, '\n}).catch(error => console.log(error.code, error.message))\n'),
  })
  assert.match(await project.node('neither.js'), /^ERR_TASK_LOAD .*tasks\.ts.*Unknown file extension "\.ts"/)
})

test.run()
