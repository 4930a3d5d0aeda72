import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { errorOf, refuses } from './config-text.js'

const test = suite('daemon config: what is wrong, and where')

/** One wrong value each, on the third line, and how the error begins. */
const THIRD_LINE: readonly (readonly [head: string, line: string, problem: string])[] = [
  [
    'listen:\n  host: localhost',
    '  port: 70000',
    '9: listen.port: 70000 is not a whole number from 0 to 65535; write',
  ],
  ['listen:\n  host: localhost', '  port: "80"', '9: listen.port: "80" is not a whole number'],
  ['listen:\n  host: localhost', '  prot: 80', '3: listen.prot: is not a field; did you mean "port"?'],
  ['listen:\n  port: 80', '  host: 5', '9: listen.host: 5 is not text; put it in quotes: "5"'],
  ['listen:\n  port: 80', '  host: ""', '9: listen.host: is empty; write 127.0.0.1'],
  ['listen:\n  port: 80', '  host: http://x', '9: listen.host: "http://x" is not a host; write'],
  ['listen:\n  port: 80', '  host: "[::1]"', '9: listen.host: "[::1]" is not a host; write'],
  ['listen:\n  port: 80', '  host: 0.0.0.0', '9: listen.host: "0.0.0.0" can be reached from other machines'],
  ['tokens:\n  write: 0123456789abcdef0', '  read: short', '9: tokens.read: has 5 characters'],
  ['tokens:\n  write: 0123456789abcdef0', '  read: ""', '9: tokens.read: is empty; write 16 to 256'],
  ['tokens:\n  write: 0123456789abcdef0', '  read:', '3: tokens.read: is not text'],
  [
    'tokens:\n  write: 0123456789abcdef0',
    '  read: 12345678901234567890',
    '9: tokens.read: is not text; put it',
  ],
  [
    'hosts:\n  - a.example.org',
    '  - b.example.org:80',
    '5: hosts[1]: "b.example.org:80" is not a host name; write',
  ],
  ['# no\n# list', 'hosts: a', '8: hosts: "a" is not a list; write [jobs.example.org]'],
  ['# no\n# mapping', 'job: [a]', '6: job: a list is not a mapping; write hello: echo hello'],
  ['# no\n# mapping', 'limits: 5', '9: limits: 5 is not a mapping; write fields such as body'],
  ['# a\n# b', 'limit: {body: 1}', '1: limit: is not a field; did you mean "limits"?'],
  ['# a\n# b', 'data: [x]', '7: data: a list is not text; write ./data'],
  [
    'limits:\n  depth: 5',
    '  body: 1 MB',
    '9: limits.body: "1 MB" is not a size; write 65536, 500kB, 64KiB or 1MiB',
  ],
  ['limits:\n  depth: 5', '  body: 0', '9: limits.body: 0 is not within 1 to 1073741824 bytes'],
  [
    'limits:\n  body: 5',
    '  depth: .nan',
    '10: limits.depth: NaN is not a whole number from 1 to 1000; write 32',
  ],
  ['limits:\n  body: 5', '  depth: 1e400', '10: limits.depth: Infinity is not a whole number'],
  ['limits:\n  body: 5', '  depth: 1.5', '10: limits.depth: 1.5 is not a whole number'],
  ['limits:\n  body: 5', '  request: 0s', '12: limits.request: "0s" is too short; write 1ms or more'],
  ['limits:\n  body: 5', '  request: 2h', '12: limits.request: "2h" is too long; write 1h or less'],
  [
    'limits:\n  body: 5',
    '  connections: 99999999999999999999',
    '16: limits.connections: 100000000000000000000 is',
  ],
  [
    'lanes:\n  normal:',
    '  a.b: {}',
    '3: lanes["a.b"]: a lane\'s name has 1 to 64 letters, digits, - and _; write',
  ],
  ['lanes:\n  normal:', '  store-1: {}', '3: lanes.store-1: names that begin with "store" are kept'],
  ['lanes:\n  normal:', '  __proto__: {}', '3: lanes.__proto__: is a name that JavaScript keeps for itself'],
  [
    'lanes:\n  normal:',
    '    priority: high',
    '15: lanes.normal.priority: "high" is none of the values it can have',
  ],
  ['lanes:\n  normal:', '    threads: 0', '14: lanes.normal.threads: 0 is not a whole number from 1 to 256'],
  ['lanes:\n  normal:', '    concurrency: x', '18: lanes.normal.concurrency: "x" is not'],
  ['lanes:\n  normal:', '    grace: 200', '12: lanes.normal.grace: 200 is not a duration; write 500ms, 30s'],
  [
    'lanes:\n  normal:',
    '    os: idle',
    '9: lanes.normal.os: "idle" is none of the values it can have; write normal or',
  ],
  [
    'lanes:\n  normal:',
    '    restart: {maxx: 1}',
    '15: lanes.normal.restart.maxx: is not a field; did you mean "max"?',
  ],
  ['lanes:\n  normal:', '    restart: {within: 5}', '23: lanes.normal.restart.within: 5 is not a duration'],
  ['lanes:\n  normal:', '    startTimeout: 0s', '19: lanes.normal.startTimeout: "0s" is too short'],
  [
    'lanes:\n  normal:',
    '    resourceLimits: {stackSizeMb: 0}',
    '35: lanes.normal.resourceLimits.stackSizeMb: 0 is',
  ],
  [
    'lanes:\n  normal:',
    '    env: {PORT: 8080}',
    '17: lanes.normal.env.PORT: 8080 is not text; put it in quotes: "8080"',
  ],
  ['lanes:\n  normal:', '    env: {A-B: x}', '11: lanes.normal.env.A-B: is not the name of a variable'],
  ['lanes:\n  normal:', '    env: {A: "x\\0"}', '14: lanes.normal.env.A: has a NUL character'],
  ['job:\n  a: "true"', '  b: true', '6: job.b: true is not text; put it in quotes: "true"'],
  ['job:\n  a: "true"', '  b: ""', '6: job.b: is empty; write a shell command'],
  ['job:\n  a: "true"', '  b:', '3: job.b: has no work; write either shell: echo hello or task:'],
  ['job:\n  a: "true"', '  a/b: x', '3: job["a/b"]: a name here has 1 to 200 characters'],
  ['job:\n  a: "true"', '  "a\\nb": x', '3: job["a\\nb"]: a name here has 1 to 200 characters'],
  ['job:\n  a: "true"', '  "": x', '3: job[""]: a name here has 1 to 200 characters'],
  [
    'job:\n  a: "true"',
    `  ${'n'.repeat(201)}: x`,
    `3: job.${'n'.repeat(201)}: a name here has 1 to 200 characters`,
  ],
  ['job:\n  a:', '    shell: "a\\0b"', '12: job.a.shell: has a NUL character'],
  ['job:\n  a: {task: ./jobs/wait.js#wait,', '    cwd: .}', '5: job.a.cwd: is for shell jobs; leave it out'],
  ['job:\n  a: {task: ./jobs/wait.js#wait,', '    env: {A: x}}', '5: job.a.env: is for shell jobs'],
  [
    'job:\n  a: {shell: x,',
    '    cwd: ./nowhere}',
    '10: job.a.cwd: "./nowhere" is not a folder; write one that exists',
  ],
  [
    'job:\n  a: {shell: x,',
    '    lane: bluk}',
    '11: job.a.lane: no lane is named "bluk"; did you mean "bulk"?',
  ],
  [
    'job:\n  a: {shell: x,',
    '    priority: -1}',
    '15: job.a.priority: -1 is not a whole number from 0 to 1000000',
  ],
  [
    'job:\n  a: {shell: x,',
    '    timeout: abc}',
    '14: job.a.timeout: "abc" is not a duration; write 500ms, 30s, 2m, 1h',
  ],
  ['job:\n  a: {shell: x,', '    timeout: 30}', '14: job.a.timeout: 30 is not a duration'],
  ['job:\n  a: {shell: x,', '    timeout: 0s}', '14: job.a.timeout: "0s" is too short; write 1ms or more'],
  ['job:\n  a: {shell: x,', '    timeuot: 1s}', '5: job.a.timeuot: is not a field; did you mean "timeout"?'],
  ['job:\n  a: {shell: x,', '    retries: -1}', '14: job.a.retries: -1 is not a whole number from 0 to 1000'],
  ['job:\n  a: {shell: x,', '    retries: many}', '14: job.a.retries: "many" is not a mapping'],
  [
    'job:\n  a: {shell: x,',
    '    retries: {factor: 0.5}}',
    '23: job.a.retries.factor: 0.5 is not a number from 1 to 100',
  ],
  ['job:\n  a: {shell: x,', '    retries: {delay: 5}}', '22: job.a.retries.delay: 5 is not a duration'],
  ['job:\n  a: {shell: x,', '    interruptions: 1e9}', '20: job.a.interruptions: 1000000000 is not'],
  ['job:\n  a: {shell: x,', '    expected: soon}', '15: job.a.expected: "soon" is not a duration'],
  ['job:\n  a: {shell: x,', '    cost: 5}', '11: job.a.cost: 5 is not text'],
  ['job:\n  a: {shell: x,', '    input: 5}', '12: job.a.input: is not a JSON Schema; write {type: object}'],
  [
    'job:\n  a: {shell: x,',
    '    input: {type: objekt}}',
    '19: job.a.input.type: is not as JSON Schema has it',
  ],
  [
    'job:\n  a: {shell: x,',
    '    input: {minimun: 1}}',
    '12: job.a.input: is not a sound JSON Schema: strict mode',
  ],
  ['job:\n  a: {shell: x,', '    input: {minimum: .inf}}', '22: job.a.input.minimum: is not a finite number'],
  [
    'job:\n  a: {shell: x,',
    '    input: {$ref: "#/gone"}}',
    "12: job.a.input: is not a sound JSON Schema: can't resolve",
  ],
  ['job:\n  a: {shell: x,', '    input: {$async: true}}', '21: job.a.input.$async: cannot be asynchronous'],
  [
    'job:\n  a: {shell: x,',
    '    input: {allOf: [{type: 5}]}}',
    '28: job.a.input.allOf[0].type: is not as JSON Schema',
  ],
  ['group:\n  a: []', '  b: job', '6: group.b: "job" is not a list; write [make-thumbnails]'],
  ['group:\n  a: []', '  b: [5]', '7: group.b[0]: 5 is not text; put it in quotes: "5"'],
  ['group:\n  a: []', '  b/c: []', '3: group["b/c"]: a name here has 1 to 200 characters'],
  ['job: {scrub: x}\nwork:', '  job: scrab', '8: work.job: no job is named "scrab"; did you mean "scrub"?'],
  [
    'job: {scrub: x}\nqueue:',
    '  job: thumbs',
    '8: queue.job: no job is named "thumbs"; write the name of one under job',
  ],
  ['# a\nqueue:', '  batch: 0', '10: queue.batch: 0 is not a whole number from 1 to 1000000; write 10000'],
  ['# a\nretention:', '  age: 7', '8: retention.age: 7 is not a duration'],
  ['# a\nretention:', '  count: -1', '10: retention.count: -1 is not a whole number'],
  ['# a\nshutdown:', '  drain: 2d', '10: shutdown.drain: "2d" is too long; write 1d or less'],
  [
    '# a\nlog:',
    '  level: verbose',
    '10: log.level: "verbose" is none of the values it can have; write trace, debug,',
  ],
]

for (const [head, line, problem] of THIRD_LINE) {
  test(`line 3, column ${problem}`, () => refuses(`${head}\n${line}\n`, `m.yaml:3:${problem}`))
}

test('a job with both kinds of work, and lanes without a lane, are refused where they are', () => {
  refuses(
    'job:\n  a: {shell: x, task: ./jobs/wait.js#wait}',
    'm.yaml:2:6: job.a: has both a shell command and a task',
  )
  refuses('\nlanes: {}', 'm.yaml:2:8: lanes: has no lane; write at least one')
})

test('all problems are told at once, in the order of the text', () => {
  refuses(
    'log: {level: loud}\nlanes: {bulk: {threads: x}}\njob:\n  a: {lane: bulk, timeout: x, laen: 1}\nlisten: {port: -1}',
    'm.yaml:1:14: log.level: ',
    'm.yaml:2:25: lanes.bulk.threads: ',
    'm.yaml:4:6: job.a: has no work',
    'm.yaml:4:28: job.a.timeout: ',
    'm.yaml:4:31: job.a.laen: is not a field; did you mean "lane"?',
    'm.yaml:5:16: listen.port: ',
  )
})

test('an error has its problems as data', () => {
  const { problems, file, name } = errorOf('job:\n  thumb: {shell: x, timeout: abc}')
  assert.equal(problems, [
    {
      line: 2,
      column: 30,
      path: 'job.thumb.timeout',
      message: '"abc" is not a duration; write 500ms, 30s, 2m, 1h or 2h30m',
    },
  ])
  assert.is(file, 'm.yaml')
  assert.is(name, 'ConfigError')
})

test('a secret is never shown', () => {
  const secret = 'hunter2hunter2 with a blank'
  const { message } = errorOf(`tokens: {read: ${secret}, write: [${secret}]}`, {
    env: { MULTILANED_READ_TOKEN: `${secret}!` },
  })
  assert.not.match(message, /hunter2/)
  assert.is(message.split('\n').length, 3)
})

test('of a thousand problems a hundred are shown', () => {
  const { problems } = errorOf(`job:\n${Array.from({ length: 1000 }, (_, n) => `  j${n}: [x]`).join('\n')}`)
  assert.is(problems.length, 101)
  assert.is(problems.at(-1)?.message, 'and 900 more problems')
})

test.run()
