import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { costOf, InputCheck } from '#daemon/jobs/input-check.js'
import { plainDefinition } from './plain-job.js'

const test = suite('input check')

const check = new InputCheck([
  plainDefinition({ name: 'any' }),
  plainDefinition({
    name: 'valued',
    input: {
      type: 'object',
      required: ['valor'],
      properties: { valor: { type: 'number', minimum: 0 }, list: { items: { type: 'string' } } },
    },
  }),
])

test('a job without a schema takes anything, or nothing', () => {
  for (const input of [undefined, null, 7, { deep: [{}] }]) assert.is(check.problem('any', input), undefined)
})

test('an input that fits is taken, with more fields than asked for', () => {
  assert.is(check.problem('valued', { valor: 1, more: true }), undefined)
})

test('the problem says where it is and what was wanted', () => {
  assert.is(check.problem('valued', { valor: -1 }), 'input/valor must be >= 0')
  assert.is(check.problem('valued', { valor: 1, list: ['a', 2] }), 'input/list/1 must be string')
  assert.is(check.problem('valued', {}), "input must have required property 'valor'")
  assert.is(check.problem('valued', undefined), 'input must be object')
})

test('the cost is what the named field says, if that is one', () => {
  const valued = plainDefinition({ cost: 'valor' })
  assert.is(costOf(valued, { valor: 2.5 }), 2.5)
  assert.is(costOf(valued, { valor: 0 }), 0)
  for (const input of [
    undefined,
    null,
    3,
    {},
    { valor: '3' },
    { valor: -1 },
    { valor: Number.NaN },
    { valor: Number.POSITIVE_INFINITY },
    Object.create({ valor: 3 }),
  ]) {
    assert.is(costOf(valued, input), 1)
  }
  assert.is(costOf(plainDefinition(), { valor: 3 }), 1)
})

test.run()
