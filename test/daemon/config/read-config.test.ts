import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ConfigError } from '#daemon/config/config-error.js'
import type { ConfigInput } from '#daemon/config/config-input.js'
import { type ReadOptions, readConfig } from '#daemon/config/read-config.js'
import { thrownBy } from '../../support/rejection.js'
import { exampleFolder, parse, refuses } from './config-text.js'

const test = suite('daemon config: what is read')

const DAY = 86_400_000
const TOKENS = 'tokens: {read: read-0123456789abcdef, write: write-0123456789abcdef}'

function read(input: ConfigInput, options: Partial<ReadOptions> = {}) {
  return readConfig(input, { folder: exampleFolder, ...options })
}

function messageOf(value: unknown): string {
  const error = thrownBy(() => readConfig(value, { folder: exampleFolder }), ConfigError)
  assert.is(error.file, null)
  assert.ok(error.problems.every(({ line, column }) => line === null && column === null))
  return error.message
}

test('what is not there has its default', () => {
  const { lanes, ...config } = parse('')
  assert.equal(config, {
    listen: { host: '127.0.0.1', port: 8080 },
    tokens: { read: null, write: null },
    hosts: [],
    data: join(exampleFolder, 'data'),
    jobs: new Map(),
    groups: new Map(),
    work: { job: null, logFile: join(exampleFolder, 'data', 'log.txt') },
    queue: { job: null, batch: 10_000 },
    limits: { body: 1_048_576, depth: 32, request: 10_000, connections: 4096 },
    retention: { age: 7 * DAY, count: 100_000 },
    shutdown: { drain: 10_000 },
    log: { level: 'info' },
    warnings: [],
  })
  assert.equal(Object.entries(lanes), [
    ['urgent', { priority: 'user-blocking' }],
    ['normal', { priority: 'user-visible' }],
    ['bulk', { priority: 'background' }],
  ])
})

test('a text is a shell command with the defaults of a job', () => {
  const { jobs } = parse('job: {a: echo "a"}')
  assert.equal(jobs.get('a'), {
    name: 'a',
    lane: 'normal',
    priority: 0,
    work: { kind: 'shell', command: 'echo "a"', cwd: exampleFolder, env: {} },
    timeout: null,
    retries: { limit: 0, delay: 1000, factor: 2, maxDelay: 300_000 },
    interruptions: 5,
    expected: 1000,
    cost: null,
    input: null,
  })
})

test('every field of a job and of a lane is read', () => {
  const { jobs, lanes } = parse(`
lanes:
  first: {priority: background, threads: 2, concurrency: 3, grace: 1s, os: normal, restart: {max: 1, within: 2s},
    startTimeout: 3s, resourceLimits: {maxOldGenerationSizeMb: 64, stackSizeMb: 4}, env: {A: x, B: ''}}
  second:
job:
  a: {shell: x, cwd: ./files, env: {C: y}, lane: second, priority: 7, timeout: 1m30s, interruptions: 0, expected: 4m,
    retries: {limit: 2, delay: 500ms, factor: 1.5, maxDelay: 1m}, cost: n, input: {type: object}}
  b: {shell: x, retries: 3}
`)
  assert.equal(lanes.first, {
    priority: 'background',
    threads: 2,
    concurrency: 3,
    grace: 1000,
    os: 'normal',
    restart: { max: 1, within: 2000 },
    startTimeout: 3000,
    resourceLimits: { maxOldGenerationSizeMb: 64, stackSizeMb: 4 },
    env: { A: 'x', B: '' },
  })
  assert.equal(lanes.second, {})
  assert.equal(jobs.get('a'), {
    name: 'a',
    lane: 'second',
    priority: 7,
    work: { kind: 'shell', command: 'x', cwd: join(exampleFolder, 'files'), env: { C: 'y' } },
    timeout: 90_000,
    retries: { limit: 2, delay: 500, factor: 1.5, maxDelay: 60_000 },
    interruptions: 0,
    expected: 240_000,
    cost: 'n',
    input: { type: 'object' },
  })
  assert.is(jobs.get('b')?.retries.limit, 3)
  assert.is(jobs.get('b')?.lane, 'first')
})

test('a lane is found by its own name only', () => {
  const { lanes } = parse('')
  for (const name of ['constructor', 'toString', '__proto__']) assert.is(lanes[name], undefined)
  refuses(
    'job: {a: {shell: x, lane: constructor}}',
    'm.yaml:1:27: job.a.lane: no lane is named "constructor"',
  )
})

test('an address that others can reach needs both tokens', () => {
  for (const host of ['localhost', 'LOCALHOST', '127.0.0.1', '127.9.8.7', '"::1"', '"0:0:0:0:0:0:0:1"']) {
    assert.ok(parse(`listen: {host: ${host}}`))
  }
  for (const host of [
    '0.0.0.0',
    '"::"',
    '192.168.1.1',
    'jobs.example.org',
    '127.example.org',
    '"::ffff:10.0.0.1"',
  ]) {
    refuses(`listen: {host: ${host}}`, 'm.yaml:1:16: listen.host: ')
    refuses(`listen: {host: ${host}}\ntokens: {read: read-0123456789abcdef}`, 'm.yaml:1:16: listen.host: ')
    assert.is(parse(`listen: {host: ${host}}\n${TOKENS}`).tokens.write, 'write-0123456789abcdef')
  }
})

test('flags go before the file', () => {
  const overrides = { host: 'localhost', port: 0, data: join(exampleFolder, 'elsewhere'), debug: true }
  const config = parse('listen: {host: 0.0.0.0, port: 1}\nlog: {level: warn}\ndata: ./d', { overrides })
  assert.equal(config.listen, { host: 'localhost', port: 0 })
  assert.is(config.data, overrides.data)
  assert.is(config.log.level, 'debug')
  const unset = { host: undefined, port: undefined, data: undefined, debug: undefined }
  assert.equal(parse('listen: {port: 1}', { overrides: unset }).listen, { host: '127.0.0.1', port: 1 })
  assert.is(parse('log: {level: warn}', { overrides: { debug: false } }).log.level, 'warn')
})

test('a bad flag is named as the flag', () => {
  const overrides = { host: 'a b', port: Number.NaN, data: '' }
  const { problems } = thrownBy(() => parse(TOKENS, { overrides }), ConfigError)
  assert.equal(
    problems.map(({ path, line }) => [path, line]),
    [
      ['--host', null],
      ['--port', null],
      ['--data', null],
    ],
  )
  const reachable = thrownBy(() => parse('', { overrides: { host: '0.0.0.0' } }), ConfigError)
  assert.match(reachable.message, /^m\.yaml: --host: "0\.0\.0\.0" can be reached from other machines/)
})

test('tokens of the environment go before those of the file, and are checked as they are', () => {
  const env = { MULTILANED_READ_TOKEN: 'env-0123456789abcdef', MULTILANED_WRITE_TOKEN: undefined }
  assert.equal(parse(TOKENS, { env }).tokens, {
    read: 'env-0123456789abcdef',
    write: 'write-0123456789abcdef',
  })
  for (const token of ['', 'short', 'sixteen chars and blanks', 'ümlaut-0123456789abcdef', 'x'.repeat(257)]) {
    const error = thrownBy(() => parse(TOKENS, { env: { MULTILANED_WRITE_TOKEN: token } }), ConfigError)
    assert.match(error.message, /^m\.yaml: MULTILANED_WRITE_TOKEN: /)
  }
})

test('what is likely a mistake loads with a warning that has its line', () => {
  const token = '0123456789abcdef0123'
  const { warnings, groups } = parse(
    `tokens: {read: ${token}, write: ${token}}\njob: {job_a: x}\ngroup:\n  g: [job_a, jbo_a]\n  h:\n  i: [a, b]`,
  )
  assert.equal(warnings, [
    'm.yaml:1:1: tokens: both tokens are the same: whoever may read may also write',
    'm.yaml:4:3: group.g: names jobs that are not defined, so triggering it answers 400: "jbo_a"; did you mean "job_a"?',
    'm.yaml:5:3: group.h: has no jobs, so triggering it answers 400',
    'm.yaml:6:3: group.i: names jobs that are not defined, so triggering it answers 400: "a", "b"',
  ])
  assert.equal(
    [...groups],
    [
      ['g', ['job_a', 'jbo_a']],
      ['h', []],
      ['i', ['a', 'b']],
    ],
  )
})

test('a plain object of the same shape is read alike', () => {
  const config = read({
    listen: { port: 0 },
    lanes: { only: { priority: 'background', grace: '1s' } },
    job: { a: { task: './jobs/wait.js#wait', retries: { limit: 1 } }, b: 'echo b' },
    group: { g: ['a', 'b'] },
    limits: { body: 65_536 },
  })
  assert.equal(config.lanes.only, { priority: 'background', grace: 1000 })
  assert.is(config.jobs.get('a')?.lane, 'only')
  assert.is(config.limits.body, 65_536)
  const text = 'lanes: {only: }\njob: {a: x}\ngroup: {g: [a, c]}'
  const same = read({ lanes: { only: {} }, job: { a: 'x' }, group: { g: ['a', 'c'] } })
  assert.equal({ ...parse(text), warnings: [] }, { ...same, warnings: [] })
  assert.match(same.warnings.join(), /^group\.g: names jobs that are not defined/)
})

test('errors of an object name the field alone', () => {
  assert.match(messageOf({ listen: { port: Number.NaN } }), /^listen\.port: NaN is not a whole number/)
  assert.match(messageOf({ retention: { count: 2 ** 60 } }), /^retention\.count: 1152921504606847000 is not/)
  assert.match(
    messageOf({ job: { a: { shell: 'x', timeuot: 1 } } }),
    /^job\.a\.timeuot: is not a field; did you/,
  )
  assert.match(
    messageOf(JSON.parse('{"__proto__": {"port": 1}}')),
    /^__proto__: is a name that JavaScript keeps/,
  )
  assert.match(messageOf({ lanes: JSON.parse('{"__proto__": {}}') }), /^lanes\.__proto__: is a name that/)
})

test('what JSON cannot hold is refused at its path, without reading on', () => {
  const ring: Record<string, unknown> = {}
  ring.input = ring
  assert.match(messageOf({ job: ring }), /^job(\.input){7}: is nested more than 64 deep$/)
  assert.match(messageOf({ log: () => 1 }), /^log: is a function; write text/)
  assert.match(messageOf({ limits: { depth: 5n } }), /^limits\.depth: is a bigint/)
  assert.match(messageOf({ job: new Map() }), /^job: is an object of a class; write a plain object/)
  assert.match(messageOf({ hosts: [new Date(0)] }), /^hosts\[0\]: is an object of a class/)
  for (const value of [5, 'text', [], true])
    assert.match(messageOf(value), /is not a mapping; write fields such as/)
})

test.run()
