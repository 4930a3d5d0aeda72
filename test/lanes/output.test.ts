import { Writable } from 'node:stream'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ThreadOutput } from '#src/lanes/thread-output.js'
import { runScript, type ScriptEnd } from '../support/node-script.js'

const test = suite('lanes: what threads write')

const run = (script: string): Promise<ScriptEnd> =>
  runScript(new URL(`./scripts/${script}.js`, import.meta.url))

/** What lines begin with, and how many of them there are. */
function kindsOf(text: string): Record<string, number> {
  const kinds: Record<string, number> = {}
  for (const [kind = ''] of text.matchAll(/^\w+/gm)) kinds[kind] = (kinds[kind] ?? 0) + 1
  return kinds
}

test('all of it is there after a stop and a close', async () => {
  const { end, stdout, stderr } = await run('output-closed')
  // Three threads, twice.
  assert.equal(kindsOf(stdout), { setup: 60, task: 20, teardown: 60 })
  assert.equal(kindsOf(stderr), { error: 20 })
  assert.is(end, 0)
})

test('all of it is there if nobody closes, and what writes for ever does not hold the process', async () => {
  const { end, stdout, stderr } = await run('output-left-open')
  const { tick = 0, ...once } = kindsOf(stdout)
  assert.equal(once, { setup: 20, task: 10 })
  assert.ok(tick < 10_000, `${tick} ticks`)
  assert.equal(kindsOf(stderr), { error: 10 })
  assert.is(end, 0)
})

test('that of threads which leave their lane, or exit by themselves, is there', async () => {
  const { end, stdout } = await run('output-leaving')
  // The one that has exited has no teardown.
  assert.equal(kindsOf(stdout), { setup: 40, task: 30, last: 10, teardown: 30 })
  assert.is(end, 0)
})

test('that of a setup which fails is there', async () => {
  const { end, stdout } = await run('output-setup')
  assert.equal(kindsOf(stdout), { setup: 10, ERR_TASK_LOAD: 1 })
  assert.is(end, 0)
})

test('that of blocking functions is there, whether their pool is ended or left', async () => {
  const { end, stdout, stderr } = await run('output-pool')
  const { tick: _, ...once } = kindsOf(stdout)
  assert.equal(once, { task: 20, last: 10 })
  assert.equal(kindsOf(stderr), { error: 20 })
  assert.is(end, 0)
})

test('a task that writes for ever does not hold up a close', async () => {
  const { end, stderr } = await run('output-flood')
  assert.ok(Number(stderr) < 3_000, `${stderr} ms`)
  assert.is(end, 0)
})

/** Takes nothing: whoever hands something over is never asked for more. */
function sinkInto(taken: string[]): Writable {
  return new Writable({
    decodeStrings: false,
    writev: chunks => taken.push(chunks.map(({ chunk }) => String(chunk)).join('')),
  })
}

test('what was written is handed over without being asked for', () => {
  const taken: string[] = []
  const stream = sinkInto(taken)
  const count = new SharedArrayBuffer(4)
  const block = { isWriting: false }
  const output = new ThreadOutput(count, [stream])
  output.showIn(block)
  assert.is(block.isWriting, false)
  for (const text of ['a', 'b', 'c']) stream.write(text)
  assert.equal(taken, ['a'])
  assert.is(block.isWriting, true)
  assert.is(new Int32Array(count)[0], 1)
  output.pass()
  assert.equal(taken, ['a', 'bc'])
  output.pass()
  assert.equal(taken, ['a', 'bc'])
  assert.is(block.isWriting, false)
  stream.write('d')
  assert.equal(taken, ['a', 'bc', 'd'])
})

test('who writes more whenever there is room does not keep it from ending', () => {
  const taken: string[] = []
  const stream = sinkInto(taken)
  const output = new ThreadOutput(null, [stream])
  const more = (): void => void stream.write('again', more)
  more()
  stream.write('once')
  output.pass()
  assert.equal(taken.slice(0, 2), ['again', 'once'])
  assert.ok(taken.length < 5)
})

test.run()
