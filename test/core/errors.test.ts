import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  ClosedError,
  ERROR_CODES,
  type ErrorCode,
  InvalidArgumentError,
  LaneError,
  MultilaneError,
  NotCloneableError,
  QueueFullError,
  ResultNotCloneableError,
  TaskCanceledError,
  TaskLoadError,
  TaskThrewError,
  TaskTimeoutError,
  UnknownTaskError,
} from '#src/core/errors.js'
import { readSources } from '../support/source-tree.js'

const test = suite('core: errors')

const CAUSE = new RangeError('the cause')

interface Sample {
  readonly error: MultilaneError
  readonly name: string
  readonly code: ErrorCode
  /** Own fields, and words the message must have. */
  readonly fields: Readonly<Record<string, unknown>>
  readonly says: RegExp
}

const SAMPLES: readonly Sample[] = [
  {
    error: new InvalidArgumentError('lanes.bulk.threads', 'a number', 'many'),
    name: 'InvalidArgumentError',
    code: 'ERR_INVALID_ARG',
    fields: { option: 'lanes.bulk.threads' },
    says: /^lanes\.bulk\.threads must be a number, not 'many'$/,
  },
  {
    error: new QueueFullError('bulk', 10),
    name: 'QueueFullError',
    code: 'ERR_QUEUE_FULL',
    fields: { lane: 'bulk', limit: 10 },
    says: /'bulk'.* 10 tasks/,
  },
  { error: new ClosedError(), name: 'ClosedError', code: 'ERR_CLOSED', fields: {}, says: /closed/ },
  {
    error: new TaskCanceledError('quote', 'too late'),
    name: 'TaskCanceledError',
    code: 'ERR_TASK_CANCELED',
    fields: { reason: 'too late' },
    says: /'quote' was cancelled: too late$/,
  },
  {
    error: new TaskCanceledError('quote', CAUSE),
    name: 'TaskCanceledError',
    code: 'ERR_TASK_CANCELED',
    fields: { reason: CAUSE, cause: CAUSE },
    says: /'quote' was cancelled$/,
  },
  {
    error: new TaskTimeoutError('quote', 'queueTimeout'),
    name: 'TaskTimeoutError',
    code: 'ERR_TASK_TIMEOUT',
    fields: { limit: 'queueTimeout' },
    says: /'quote' exceeded its queueTimeout/,
  },
  {
    error: new UnknownTaskError('qoute', ['quote', 'reindex']),
    name: 'UnknownTaskError',
    code: 'ERR_TASK_UNKNOWN',
    fields: { names: ['quote', 'reindex'] },
    says: /'qoute'; there are: quote, reindex$/,
  },
  {
    error: new UnknownTaskError('quote', []),
    name: 'UnknownTaskError',
    code: 'ERR_TASK_UNKNOWN',
    fields: { names: [] },
    says: /there are: \(none\)$/,
  },
  {
    error: new NotCloneableError('args[0].onDone', { cause: CAUSE }),
    name: 'NotCloneableError',
    code: 'ERR_NOT_CLONEABLE',
    fields: { path: 'args[0].onDone', cause: CAUSE },
    says: /^args\[0\]\.onDone cannot be cloned/,
  },
  {
    error: new ResultNotCloneableError('result.close', { cause: CAUSE }),
    name: 'ResultNotCloneableError',
    code: 'ERR_RESULT_NOT_CLONEABLE',
    fields: { path: 'result.close', cause: CAUSE },
    says: /^result\.close cannot be cloned/,
  },
  {
    error: new TaskThrewError('words'),
    name: 'TaskThrewError',
    code: 'ERR_TASK_THREW',
    fields: { value: 'words' },
    says: /threw 'words'$/,
  },
  {
    error: new TaskLoadError('no such file', CAUSE),
    name: 'TaskLoadError',
    code: 'ERR_TASK_LOAD',
    fields: { cause: CAUSE },
    says: /^no such file$/,
  },
  {
    error: new LaneError('ERR_LANE_EXITED', 'bulk', 'it is gone', { exitCode: 3, cause: CAUSE }),
    name: 'LaneError',
    code: 'ERR_LANE_EXITED',
    fields: { lane: 'bulk', exitCode: 3, cause: CAUSE },
    says: /^it is gone$/,
  },
  {
    error: new LaneError('ERR_LANE_TERMINATED', 'bulk', 'it held', { holders: ['reindex'] }),
    name: 'LaneError',
    code: 'ERR_LANE_TERMINATED',
    fields: { lane: 'bulk', holders: ['reindex'] },
    says: /^it held$/,
  },
]

for (const { error, name, code, fields, says } of SAMPLES) {
  test(`${name} says what it is: ${error.message}`, () => {
    assert.instance(error, MultilaneError)
    assert.instance(error, Error)
    assert.is(error.constructor.name, name)
    assert.is(error.name, name)
    assert.is(error.code, code)
    assert.match(error.message, says)
    const own = Object.getOwnPropertyNames(error)
    const expected = ['stack', 'message', 'name', 'code', ...Object.keys(fields)]
    // A field that does not apply is absent, so that it is not printed as undefined.
    assert.equal(own.filter(field => error[field as keyof Error] !== undefined).sort(), expected.sort())
    for (const [field, value] of Object.entries(fields)) assert.equal(error[field as keyof Error], value)
  })
}

test('the registry cannot be changed, and tells what each code means', () => {
  assert.ok(Object.isFrozen(ERROR_CODES))
  for (const [code, meaning] of Object.entries(ERROR_CODES)) {
    assert.match(code, /^ERR_[A-Z_]+$/)
    assert.match(meaning, /^[A-Z].*\.$/)
  }
})

test('every code is used by some source file, beyond its entry in the registry', () => {
  const sources = readSources('src')
  const registry = 'src/core/errors.ts'
  assert.ok(sources.some(({ path }) => path === registry))
  const used = (code: string): boolean =>
    sources.some(({ path, text }) => {
      const uses = path === registry ? text.slice(text.indexOf('export type ErrorCode')) : text
      return uses.includes(`'${code}'`)
    })
  assert.equal(
    Object.keys(ERROR_CODES).filter(code => !used(code)),
    [],
  )
})

test.run()
