// @time-limit 180s
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { repoRoot } from '../support/repo-root.js'
import { type BundlerRecipe, bundlerRecipes } from './bundler-recipes.js'
import { outputOf, run } from './command.js'
import { type PackedProject, packedProject } from './packed-project.js'

const test = suite('package: what docs/bundlers.md shows')

const { program, recipes } = bundlerRecipes()
const PRINTS = 'urgent: 6\nbulk: 15\npool: 24\n'

/** How the page's reader would start each one, with the bundler from the repository. */
const START: Readonly<Record<string, readonly string[]>> = {
  esbuild: ['esbuild.mjs'],
  Vite: ['node_modules/vite/bin/vite.js', 'build'],
  Rollup: ['node_modules/rollup/dist/bin/rollup', '--config', '--silent'],
  webpack: ['webpack.mjs'],
}

/** In place of webpack's command, which is a package of its own. */
const WEBPACK_COMMAND = `import webpack from 'webpack'
import config from './webpack.config.js'

webpack(config, (error, stats) => {
  if (error !== null || stats.hasErrors()) throw error ?? new Error(stats.toString())
})
`
const BUNDLERS = ['esbuild', 'vite', 'rollup', 'webpack', '@rollup/plugin-node-resolve']

let project: PackedProject
/** Where nothing but what was built is. */
let elsewhere: string
test.before(async () => {
  project = (await packedProject()).write({ ...program, 'webpack.mjs': WEBPACK_COMMAND })
  elsewhere = mkdtempSync(join(tmpdir(), 'multilane-bundle-'))
  for (const name of BUNDLERS) {
    const link = join(project.directory, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(repoRoot, 'node_modules', name), link, 'junction')
  }
})
test.after(() => {
  project.remove()
  rmSync(elsewhere, { recursive: true, force: true })
})

/** Builds as the recipe says. @returns the folder that was built */
async function built({ bundler, file, text }: BundlerRecipe): Promise<string> {
  const folder = join(project.directory, 'build')
  rmSync(folder, { recursive: true, force: true })
  project.write({ [file]: text })
  outputOf(await run(process.execPath, START[bundler] ?? [], project.directory))
  return folder
}

/** Moves what was built to where there is no node_modules, and runs it. */
async function printedElsewhere(folder: string, type: 'module' | 'commonjs'): Promise<string> {
  rmSync(join(elsewhere, 'app'), { recursive: true, force: true })
  cpSync(folder, join(elsewhere, 'app'), { recursive: true })
  writeFileSync(join(elsewhere, 'package.json'), JSON.stringify({ type }))
  return outputOf(await run(process.execPath, [join('app', 'main.js')], elsewhere))
}

test('the page has a program, and each bundler in each way but one', () => {
  assert.equal(Object.keys(program), ['main.js', 'tasks.js'])
  const all = Object.keys(START)
  const shown = (way: string) => recipes.filter(recipe => recipe.way === way).map(recipe => recipe.bundler)
  assert.equal(shown('Multilane left outside'), all)
  assert.equal(shown('Everything bundled'), all)
  assert.equal(
    shown('Everything bundled, as CommonJS'),
    all.filter(bundler => bundler !== 'Vite'),
  )
})

for (const recipe of recipes) {
  test(`${recipe.bundler}: ${recipe.way}`, async () => {
    const folder = await built(recipe)
    const prints = recipe.way.endsWith('outside')
      ? await project.node(join('build', 'main.js'))
      : await printedElsewhere(folder, recipe.way.endsWith('CommonJS') ? 'commonjs' : 'module')
    assert.is(prints, PRINTS)
  })
}

test('an error from a task names its caller, though the library is in the same file', async () => {
  const recipe = recipes.find(({ way, bundler }) => way === 'Everything bundled' && bundler === 'esbuild')
  assert.ok(recipe)
  project.write({
    'main.js': (program['main.js'] ?? '')
      .replace(/console\.log\(await urgent.*/, 'await callIt(urgent)')
      .concat(`
async function callIt(urgent) {
  await urgent.run('total', []).catch(error => console.log(error.stack))
}
`),
  })
  try {
    const printed = await printedElsewhere(await built(recipe), 'module')
    assert.match(printed, /TypeError[\s\S]*at total [\s\S]*at \[another thread\][\s\S]*callIt/)
  } finally {
    project.write(program)
  }
})

test('without the files of the threads it does not start, and says what is missing', async () => {
  const recipe = recipes.find(({ way, bundler }) => way === 'Everything bundled' && bundler === 'esbuild')
  assert.ok(recipe)
  const folder = await built(recipe)
  rmSync(join(folder, 'threads'), { recursive: true })
  const { code, stderr } = await run(process.execPath, [join('build', 'main.js')], project.directory)
  assert.is(code, 1)
  assert.match(stderr, /LaneError: the supervisor thread could not start: Cannot find module/)
  assert.match(stderr, /threads.supervisor-entry\.cjs/)
})

test('the files of the threads need nothing but Node', () => {
  const folder = join(project.directory, 'node_modules', 'multilane', 'dist', 'lanes', 'threads')
  assert.equal(readdirSync(folder).sort(), [
    'lane-entry.cjs',
    'supervisor-entry.cjs',
    'sync-entry.cjs',
    'sync-pool.cjs',
  ])
})

test.run()
