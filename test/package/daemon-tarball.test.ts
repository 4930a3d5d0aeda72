// @time-limit 180s
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { repoRoot } from '../support/repo-root.js'
import { compile, listed } from '../types/compiler.js'
import { outputOf, run, runTool } from './command.js'
import { type DaemonProject, daemonProject, filesIn, multilaned, startInstalled } from './packed-daemon.js'
import { codeBlocks } from './readme-blocks.js'

const test = suite("package: the daemon's tarball")

const BESIDE_DIST = ['LICENSE', 'README.md', 'docs/config.md', 'example/multilaned.yaml', 'package.json']
const OF_THE_EXAMPLE = /^example\/(?:jobs\/[\w-]+\.js|files\/.+)$/

/** One job of each kind: a command, and one for each lane and way of working that the example shows. */
const ONE_OF_EACH = [
  { name: 'job_a1' },
  { name: 'count_words', input: { path: 'notes/lanes.md' } },
  { name: 'checksum', input: { path: 'notes' } },
  { name: 'find_duplicates' },
  { name: 'compress', input: { path: 'tables/primes.txt' } },
  { name: 'wait', input: { item: 'a', valor: 0.01 } },
]

let project: DaemonProject
test.before(async () => {
  project = await daemonProject()
})
test.after(() => project.remove())

function installed(...path: string[]): string {
  return join(project.directory, 'node_modules', 'multilaned', ...path)
}

async function packedFiles(): Promise<string[]> {
  const listing = outputOf(await run('tar', ['-tzf', project.tarball], project.directory))
  return listing
    .trim()
    .split('\n')
    .map(path => path.trim().replace(/^package\//, ''))
}

test('it holds what was built, what explains it and the example, and nothing else', async () => {
  const files = await packedFiles()
  const beside = files.filter(path => !/^dist\/.+\.(?:js|d\.ts)$/.test(path))
  assert.equal(beside.filter(path => !OF_THE_EXAMPLE.test(path)).sort(), BESIDE_DIST)
  for (const path of ['dist/bin.js', 'dist/index.js', 'dist/index.d.ts', 'example/jobs/words.js'])
    assert.ok(files.includes(path), path)
})

test('each module was built of a source that is there, and comes with its declarations', async () => {
  const files = await packedFiles()
  const built = files.filter(path => path.startsWith('dist/') && path.endsWith('.js'))
  const stems = built.map(path => path.slice('dist/'.length, -'.js'.length))
  const sources = readdirSync(join(repoRoot, 'daemon', 'src'), { recursive: true, withFileTypes: true })
  assert.is(stems.length, sources.filter(entry => entry.isFile()).length)
  assert.equal(
    stems.filter(stem => !existsSync(join(repoRoot, 'daemon', 'src', `${stem}.ts`))),
    [],
  )
  assert.equal(
    stems.filter(stem => !files.includes(`dist/${stem}.d.ts`)),
    [],
  )
})

test('it asks for the library by its version', () => {
  const { version } = JSON.parse(readFileSync(join(repoRoot, 'package.json'), 'utf8'))
  const { dependencies } = JSON.parse(readFileSync(installed('package.json'), 'utf8'))
  assert.is(dependencies.multilane, `^${version}`)
  assert.equal(
    Object.entries(dependencies).filter(([, range]) => String(range).includes(':')),
    [],
  )
  assert.is(existsSync(installed('node_modules', 'multilane')), false, 'there is one library')
})

test('publint has nothing to say', async () => {
  const { code, stdout, stderr } = await runTool('publint', 'src/cli.js', ['--strict', project.tarball])
  assert.is(code, 0, `${stdout}${stderr}`)
  assert.match(stdout, /All good/)
})

test('npm installs the command, and it explains itself', async () => {
  const shim = join(project.directory, 'node_modules', '.bin', 'multilaned')
  assert.ok(existsSync(shim) || existsSync(`${shim}.cmd`))
  const help = outputOf(await run(process.execPath, [multilaned(project), '--help'], project.directory))
  for (const flag of ['--config', '--host', '--port', '--data', '--debug'])
    assert.ok(help.includes(flag), flag)
})

test('in an empty folder it runs the example, and writes only where it says', async () => {
  const cwd = join(project.directory, 'empty')
  mkdirSync(cwd)
  const before = filesIn(join(project.directory, 'node_modules'))
  const daemon = await startInstalled(project, cwd, ['--port', '0'])
  try {
    const jobs = await Promise.all(ONE_OF_EACH.map(job => submitted(daemon.address, '/v1/jobs', job)))
    const work = await fetch(`${daemon.address}/api`, { method: 'POST' })
    assert.is(work.status, 202)
    const { id } = (await work.json()) as { id: string }
    for (const job of [...jobs, id]) {
      await eventually(`${job} has succeeded`, async () => {
        const answer = await fetch(`${daemon.address}/v1/jobs/${job}`)
        const { state, name, error } = (await answer.json()) as Record<string, unknown>
        if (state === 'failed') throw new Error(`${name}: ${JSON.stringify(error)}`)
        return state === 'succeeded'
      })
    }
  } finally {
    assert.is(await daemon.end('SIGTERM'), 0, daemon.output().stderr)
  }
  assert.equal(readdirSync(cwd), ['multilaned-data'])
  assert.ok(readdirSync(join(cwd, 'multilaned-data')).includes('log.txt'))
  const after = filesIn(join(project.directory, 'node_modules'))
  const changed = Object.keys(after).filter(path => after[path] !== before[path])
  assert.equal(changed, [join('multilaned', 'example', 'output', 'tables', 'primes.txt.br')])
})

async function submitted(address: string, path: string, job: object): Promise<string> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${address}${path}`, { method: 'POST', headers, body: JSON.stringify(job) })
  const body = (await answer.json()) as { id: string }
  assert.is(answer.status, 202, JSON.stringify(body))
  return body.id
}

const EMBEDDING = `
import { ConfigError, createDaemon, loadConfig, readConfig } from 'multilaned'
import type { ConfigInput, Daemon, DaemonConfig, JobContext, JobFunction, JobView, Submission } from 'multilaned'

export const task: JobFunction = async (input: unknown, context: JobContext) => context.log(String(input))

const input: ConfigInput = { listen: { port: 0 }, data: './of-an-object', job: { greet: 'echo hello' } }
const config: DaemonConfig = readConfig(input, { folder: process.cwd() })
const daemon: Daemon = await createDaemon(config)
const { jobs }: Submission = await daemon.jobs.submit([{ name: 'greet', source: 'embedded' }])
const job: JobView | undefined = jobs[0]
if (job === undefined) throw new Error('no job')
let state = job.state
while (state !== 'succeeded') {
  await new Promise(resolve => setTimeout(resolve, 10))
  state = (await daemon.jobs.get(job.id))?.state ?? state
}
const { cutOff } = await daemon.stop()
console.log(state, cutOff)

try {
  await loadConfig('absent.yaml')
} catch (error) {
  console.log(error instanceof ConfigError && error.code)
}
`

const STRICTEST = {
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
}

test('a program that embeds it compiles against its declarations, as strictly as can be, and runs', async () => {
  project.write({ 'embedding.ts': EMBEDDING })
  const options = { ...STRICTEST, types: ['node'], outDir: 'build' }
  const diagnostics = await compile(project.directory, { files: ['embedding.ts'], ...options })
  assert.is(diagnostics.length, 0, listed(diagnostics))
  const { code, stdout, stderr } = await run(process.execPath, ['build/embedding.js'], project.directory)
  assert.is(code, 0, stderr)
  assert.is(stdout, 'succeeded 0\nERR_CONFIG\n')
})

test('its declarations need no types of Node', async () => {
  project.write({ 'declared.ts': "export { createDaemon, loadConfig, readConfig } from 'multilaned'\n" })
  const diagnostics = await compile(project.directory, { files: ['declared.ts'], noEmit: true, ...STRICTEST })
  assert.is(diagnostics.length, 0, listed(diagnostics))
})

test("the README's example of embedding compiles and runs as it stands", async () => {
  const blocks = codeBlocks(readFileSync(installed('README.md'), 'utf8'))
  const example = blocks.filter(({ language }) => language === 'ts').map(({ text }) => text)
  assert.is(example.length, 1)
  const folder = 'readme'
  const yaml = readFileSync(installed('example', 'multilaned.yaml'), 'utf8').replace('port: 8080', 'port: 0')
  project.write({ [`${folder}/main.ts`]: example[0]!, [`${folder}/multilaned.yaml`]: yaml })
  for (const name of ['jobs', 'files'])
    cpSync(installed('example', name), join(project.directory, folder, name), { recursive: true })
  const diagnostics = await compile(project.directory, { files: [`${folder}/main.ts`], ...STRICTEST })
  assert.is(diagnostics.length, 0, listed(diagnostics))
  const cwd = join(project.directory, folder)
  const { code, stdout, stderr } = await run(process.execPath, ['main.js'], cwd)
  assert.is(code, 0, stderr)
  assert.match(stdout, /^http:\/\/127\.0\.0\.1:\d+ [\da-f-]{36}\n$/)
})

test.run()
