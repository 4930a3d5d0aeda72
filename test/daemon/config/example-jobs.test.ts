// @time-limit 60s
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { type Lane, SchedulerThread, TaskCanceledError } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { loadConfig } from '#daemon/config/load-config.js'
import type { TaskWork } from '#daemon/jobs/job-definition.js'
import { eventually } from '../../support/eventually.js'
import { reasonOf, rejectionOf } from '../../support/rejection.js'
import { repoRoot } from '../../support/repo-root.js'
import { inFolder } from './config-text.js'
import type * as tasks from './tasks/example-job.js'
import { STOPPED } from './tasks/example-job.js'

const test = suite('daemon example: the jobs')

const EXAMPLE = join(repoRoot, 'daemon', 'example')

interface World {
  readonly folder: string
  readonly lanes: Readonly<Record<string, Lane<typeof tasks>>>
  moduleOf(name: string): TaskWork & { readonly lane: string }
  run(name: string, input?: unknown): Promise<Record<string, unknown>>
}

/** A copy of the example, with links that lead out of its files, and its lanes. */
function inExample(use: (world: World) => Promise<void>): Promise<void> {
  return inFolder(async above => {
    const folder = join(above, 'example')
    cpSync(EXAMPLE, folder, { recursive: true })
    // The copy is outside the workspace, where its modules find the library.
    mkdirSync(join(folder, 'node_modules'))
    symlinkSync(repoRoot, join(folder, 'node_modules', 'multilane'))
    writeFileSync(join(above, 'secret.txt'), 'secret')
    symlinkSync(join(above, 'secret.txt'), join(folder, 'files', 'link.txt'))
    symlinkSync(above, join(folder, 'files', 'up'))

    const { jobs, lanes } = await loadConfig(join(folder, 'multilaned.yaml'))
    await using scheduler = await SchedulerThread.start<typeof tasks>({
      tasks: new URL('./tasks/example-job.js', import.meta.url),
      lanes,
    })
    const moduleOf = (name: string) => {
      const job = jobs.get(name)
      if (job?.work.kind !== 'task') throw new Error(`${name} is no task`)
      return { lane: job.lane, ...job.work }
    }
    await use({
      folder,
      lanes: scheduler.lanes,
      moduleOf,
      async run(name, input) {
        const { lane, module, exported } = moduleOf(name)
        const { result } = await scheduler.lanes[lane]!.run('runJob', [module, exported, input])
        return result as Record<string, unknown>
      },
    })
  })
}

function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex')
}

test('checksum tells the SHA-256 of each file, and leaves links out', () =>
  inExample(async ({ folder, run }) => {
    const { files, sums, complete, ...rest } = await run('checksum')
    const paths = (sums as { path: string }[]).map(({ path }) => path)
    assert.is(files, 6)
    assert.is(complete, true)
    assert.equal(paths, [
      'notes/lanes.md',
      'notes/retries-copy.md',
      'notes/retries.md',
      'tables/primes.txt',
      'tables/products.csv',
      'tables/sine.csv',
    ])
    const lanes = readFileSync(join(folder, 'files', 'notes', 'lanes.md'))
    assert.equal((sums as unknown[])[0], {
      path: 'notes/lanes.md',
      bytes: lanes.length,
      sha256: sha256(lanes),
    })
    assert.match(String(rest.sha256), /^[0-9a-f]{64}$/)
    assert.equal(await run('checksum', null), { files, sums, complete, ...rest })
    assert.is((await run('checksum', { path: 'notes' })).files, 3)
    assert.is((await run('checksum', { path: 'notes/lanes.md' })).files, 1)
  }))

test('find_duplicates finds files with the same content', () =>
  inExample(async ({ run }) => {
    const { groups, wasted } = await run('find_duplicates')
    const bytes = readFileSync(join(EXAMPLE, 'files', 'notes', 'retries.md')).length
    assert.equal(groups, [{ bytes, paths: ['notes/retries-copy.md', 'notes/retries.md'] }])
    assert.is(wasted, bytes)
    assert.equal(await run('find_duplicates', { path: 'tables' }), { groups: [], wasted: 0 })
  }))

test('compress writes the whole file to the output folder, as often as it is run', () =>
  inExample(async ({ folder, run }) => {
    const original = readFileSync(join(folder, 'files', 'tables', 'primes.txt'))
    const unpack = { br: brotliDecompressSync, gz: gunzipSync }
    for (const [format, ending] of [
      ['brotli', 'br'],
      ['gzip', 'gz'],
      ['gzip', 'gz'],
    ] as const) {
      const end = await run('compress', { path: 'tables/primes.txt', format })
      const target = join(folder, 'output', 'tables', `primes.txt.${ending}`)
      assert.equal(unpack[ending](readFileSync(target)), original)
      assert.equal(end, { file: target, before: original.length, after: readFileSync(target).length })
    }
    assert.equal(readdirSync(join(folder, 'output', 'tables')).sort(), ['primes.txt.br', 'primes.txt.gz'])
  }))

test('count_words counts lines and words', () =>
  inExample(async ({ folder, run }) => {
    writeFileSync(join(folder, 'files', 'notes', 'few.txt'), 'One two, two\nthree: Über-TWO')
    const { files, lines, words, frequent } = await run('count_words', { path: 'notes/few.txt' })
    assert.equal([files, lines, words], [1, 2, 6])
    assert.equal((frequent as unknown[])[0], { word: 'two', count: 3 })
  }))

test('scrub reads every file in each round', () =>
  inExample(async ({ run }) => {
    const { files, rounds, bytes, changed } = await run('scrub', { rounds: 3, path: 'notes' })
    const { bytes: once } = await run('checksum', { path: 'notes' })
    assert.equal([files, rounds, bytes, changed], [3, 3, 3 * Number(once), []])
    assert.match(String(await reasonOf(run('scrub', { rounds: 0.5 }))), /rounds must be a whole number/)
  }))

test('no job reads what is not below the files, however it is named', () =>
  inExample(async ({ folder, run }) => {
    const ways = [
      '..',
      '../secret.txt',
      'notes/../../secret.txt',
      '..\\secret.txt',
      join(folder, '..', 'secret.txt'),
    ]
    const links = ['link.txt', 'up', 'up/secret.txt']
    for (const path of [...ways, ...links, '/etc/passwd', '', 'a\0b', 5, null, ['notes']]) {
      for (const name of ['checksum', 'compress', 'count_words', 'scrub', 'find_duplicates']) {
        const reason = await reasonOf(run(name, { path }))
        assert.instance(reason, RangeError, `${name} ${JSON.stringify(path)}: ${reason}`)
        assert.match(String(reason), /path (?:must|is a link)/)
      }
    }
  }))

test('64 jobs wait at a time', () =>
  inExample(async ({ run }) => {
    const items = Array.from({ length: 64 }, (_, n) => ({ item: `item ${n}`, valor: 0.3, extra: true }))
    const started = performance.now()
    const ends = await Promise.all(items.map(item => run('wait', item)))
    assert.equal(
      ends,
      items.map(({ item, valor }) => ({ item, waited: valor })),
    )
    // One after the other they would take 19 s.
    assert.ok(performance.now() - started < 10_000)
    for (const bad of [
      undefined,
      null,
      [],
      {},
      { item: 'a' },
      { item: 5, valor: 1 },
      { item: 'a', valor: -1 },
    ]) {
      assert.instance(await reasonOf(run('wait', bad)), TypeError)
    }
  }))

test('what only waits, for a clock or a disk, ends at once when it is told to', async () => {
  const waits: readonly (readonly [module: string, name: string, input: unknown])[] = [
    ['wait', 'wait', { item: 'a', valor: 1e9 }],
    ['checksums', 'scrub', { rounds: 1_000_000 }],
    ['words', 'countWords', null],
  ]
  for (const [module, name, input] of waits) {
    const namespace = await import(pathToFileURL(join(EXAMPLE, 'jobs', `${module}.js`)).href)
    const controller = new AbortController()
    const running: Promise<unknown> = namespace[name](input, {
      signal: controller.signal,
      log: () => undefined,
    })
    controller.abort()
    assert.is(Reflect.get((await reasonOf(running)) as object, 'name'), 'AbortError')
  }
})

test('what holds its thread stops at the next file when it was cancelled', () =>
  inExample(async ({ moduleOf, lanes }) => {
    for (const name of ['checksum', 'find_duplicates']) {
      const { lane, module, exported } = moduleOf(name)
      const seen = new Int32Array(new SharedArrayBuffer(4))
      const task = lanes[lane]!.submit('runCancelled', [module, exported, null, seen], {
        onStart: handle => handle.cancel(),
      })
      await rejectionOf(task.result(), TaskCanceledError)
      await eventually('the job ends', () => Atomics.load(seen, 0) !== 0)
      assert.is(Atomics.load(seen, 0), STOPPED, name)
    }
  }))

test.run()
