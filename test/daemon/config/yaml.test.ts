import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { errorOf, parse, refuses } from './config-text.js'

const test = suite('daemon config: the YAML itself')

test('what is no YAML is refused with its line', () => {
  refuses('log:\n  level: info\n  a: b: c', 'm.yaml:3:6: is not sound YAML: Nested mappings')
  assert.match(errorOf('log: {level: info').message, /^m\.yaml:1:\d+: is not sound YAML: /)
  assert.match(errorOf('log:\n\tlevel: info').message, /^m\.yaml:2:1: is not sound YAML: Tabs/)
  refuses('log: {}\n---\nlog: {}', 'm.yaml:2:1: is not sound YAML: Source contains multiple documents')
  assert.match(errorOf('? [a]\n: b').message, /^m\.yaml:1:3: is not sound YAML: .*strings/)
  refuses('log:\n  level: !secret info', 'm.yaml:2:10: is not sound YAML: Unresolved tag: !secret')
})

test('a name that is written twice is refused with both its lines', () => {
  refuses(
    'job:\n  a: x\n  b: {shell: x, lane: bulk, lane: normal}\n  a: y\nlog: {}\nlog: {}',
    'm.yaml:3:29: job.b.lane: is written twice, first in line 3; leave one out',
    'm.yaml:4:3: job.a: is written twice, first in line 2',
    'm.yaml:6:1: log: is written twice, first in line 5',
  )
  refuses(
    'job: {a: {shell: x, input: {allOf: [{}, {type: object, type: object}]}}}',
    'm.yaml:1:56: job.a.input.allOf[1].type:',
  )
})

test('names are text, whatever they look like', () => {
  const { jobs, groups } = parse('job: {1: x, true: y, ~: z}\ngroup: {g: ["1", "true"]}')
  assert.equal([...jobs.keys()].sort(), ['1', 'true', '~'])
  assert.equal(groups.get('g'), ['1', 'true'])
})

test('an alias stands for what it names, and a problem in it is told where that is', () => {
  const { jobs } = parse('job:\n  a: {shell: x, retries: &r {limit: 3}}\n  b: {shell: y, retries: *r}')
  assert.is(jobs.get('b')?.retries.limit, 3)
  const { problems } = errorOf('job:\n  a: {shell: x, retries: &r {limit: x}}\n  b: {shell: y, retries: *r}')
  assert.equal(
    problems.map(({ line, path }) => [line, path]),
    [
      [2, 'job.a.retries.limit'],
      [2, 'job.b.retries.limit'],
    ],
  )
})

test('aliases that multiply are refused at the first', () => {
  const tens = (name: string) => `[${Array.from({ length: 10 }, () => `*${name}`).join(', ')}]`
  const bomb = `a: &a [x]\nb: &b ${tens('a')}\nc: &c ${tens('b')}\nd: &d ${tens('c')}\nhosts: ${tens('d')}`
  refuses(bomb, 'm.yaml:2:8: an alias cannot be used: Excessive alias count')
  refuses('hosts: *nowhere', 'm.yaml:1:8: an alias cannot be used: Unresolved alias')
  refuses('hosts: &h [*h]', 'm.yaml:1:12: hosts[0][0][0][0][0][0][0]: is nested more than 64 deep')
})

test('an alias of a large part, again and again, is refused', () => {
  const large = `[${'x,'.repeat(20_000)}x]`
  const text = `job:\n  a: {shell: x, input: {enum: &e ${large}, anyOf: [${'{enum: *e},'.repeat(50)}{}]}}`
  assert.match(errorOf(text).message, /has more than 200000 values, aliases counted each time$/)
})

test('a text that is nested too deep, or too long, is refused', () => {
  refuses(`hosts: ${'['.repeat(80)}${']'.repeat(80)}`, 'm.yaml:1:15: hosts[0][0][0][0][0][0][0]: is nested')
  assert.match(errorOf(`hosts: ${'['.repeat(100_000)}`).message, /^m\.yaml:1:\d+: is not sound YAML: /)
  refuses(`# ${'x'.repeat(1024 ** 2)}`, 'm.yaml: has 1048578 characters; the most is 1048576')
})

test('many thousand names are read without comparing each with each', () => {
  const { jobs } = parse(`job:\n${Array.from({ length: 30_000 }, (_, n) => `  job-${n}: x`).join('\n')}`)
  assert.is(jobs.size, 30_000)
})

test('an empty text is the defaults', () => {
  for (const text of ['', '\n', '# nothing\n', '---\n', '{}']) assert.is(parse(text).listen.port, 8080)
  refuses('- a', 'm.yaml:1:1: a list is not a mapping; write fields such as listen')
  refuses('hello', 'm.yaml:1:1: "hello" is not a mapping')
})

test.run()
