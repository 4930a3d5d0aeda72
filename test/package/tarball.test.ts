import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { repoRoot } from '../support/repo-root.js'
import { outputOf, run, runTool } from './command.js'
import { pack } from './packed-project.js'

const test = suite('package: the tarball')

const BESIDE_DIST = [
  'LICENSE',
  'README.md',
  'package.json',
  'CHANGELOG.md',
  'ARCHITECTURE.md',
  'docs/bundlers.md',
  'docs/isolation.md',
  'docs/testing.md',
  'docs/typescript.md',
  'docs/README.md',
  'docs/errors.md',
  'docs/faults.md',
  'docs/lifecycles.md',
  'docs/migration.md',
]
/** Pages that come and go with what they are about. */
const DOC_FOLDERS = /^docs\/(?:guide|reference)\/[\w-]+\.md$/

let tarball: string
test.before(async () => {
  tarball = await pack()
})

async function packedFiles(): Promise<string[]> {
  const listing = outputOf(await run('tar', ['-tzf', tarball], repoRoot))
  return listing
    .trim()
    .split('\n')
    .map(path => path.trim().replace(/^package\//, ''))
}

test('it holds what was built, and nothing it was built from or tested with', async () => {
  const files = await packedFiles()
  const strangers = files.filter(path => !/^dist\/.+\.(?:js|cjs|d\.ts)$/.test(path))
  assert.equal(
    strangers.filter(path => !BESIDE_DIST.includes(path) && !DOC_FOLDERS.test(path)),
    [],
  )
  for (const path of BESIDE_DIST) assert.ok(files.includes(path), path)
  assert.equal(
    files.filter(path => /(?:^|\/)(?:test|bench|demo|src|scripts)\//.test(path) || path.includes('.test.')),
    [],
  )
})

test('each module comes with its declarations', async () => {
  const files = await packedFiles()
  const undeclared = files.filter(
    path => path.endsWith('.js') && !files.includes(path.replace(/\.js$/, '.d.ts')),
  )
  assert.equal(undeclared, [])
  for (const entry of ['index', 'task']) assert.ok(files.includes(`dist/${entry}.d.ts`), entry)
})

test('publint has nothing to say', async () => {
  const { code, stdout, stderr } = await runTool('publint', 'src/cli.js', ['--strict', tarball])
  assert.is(code, 0, `${stdout}${stderr}`)
  assert.match(stdout, /All good/)
})

test('are the types wrong? No, for whoever imports it as a module', async () => {
  const { code, stdout, stderr } = await runTool('@arethetypeswrong/cli', 'dist/index.js', [
    '--profile',
    'esm-only',
    '--format',
    'ascii',
    tarball,
  ])
  assert.is(code, 0, `${stdout}${stderr}`)
})

test.run()
