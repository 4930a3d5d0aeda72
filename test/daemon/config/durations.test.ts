import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { formatDuration, LONGEST_DURATION, parseDuration } from '#daemon/config/durations.js'
import { parseSize } from '#daemon/config/sizes.js'
import { thrownBy } from '../../support/rejection.js'

const test = suite('daemon config: durations and sizes')

const GOOD: readonly (readonly [text: string, ms: number])[] = [
  ['0s', 0],
  ['0ms', 0],
  ['500ms', 500],
  ['10ms', 10],
  ['30s', 30_000],
  ['2m', 120_000],
  ['1h', 3_600_000],
  ['4d', 345_600_000],
  ['2h30m', 9_000_000],
  ['1m1ms', 60_001],
  ['1d2h3m4s5ms', 93_784_005],
  ['007s', 7000],
  ['36500d', LONGEST_DURATION],
]

for (const [text, ms] of GOOD) {
  test(`${text} is ${ms} ms`, () => assert.is(parseDuration(text), ms))
}

const BAD = [
  '',
  ' ',
  '5',
  '-5m',
  '+5m',
  '1.5h',
  '1.5h x',
  'abc',
  's',
  'ms',
  '5 m',
  ' 5m',
  '5m ',
  '5M',
  '5min',
  '1w',
]
const BAD_UNITS = ['30m2h', '1h1h', '5ms1s', '1e3s', '0x5s', '٣s', '5m\n', '1,5h', 'Infinitys', 'P1D']
const TOO_MUCH = ['36501d', '36500d1ms', '9'.repeat(30), `${'9'.repeat(30)}d`, `${'0'.repeat(40)}1s`]

for (const text of [...BAD, ...BAD_UNITS, ...TOO_MUCH]) {
  test(`${JSON.stringify(text)} is no duration`, () => assert.is(parseDuration(text), undefined))
}

test('what was formatted is read as the same number', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: LONGEST_DURATION }), ms => {
      assert.is(parseDuration(formatDuration(ms)), ms)
    }),
    { numRuns: 2000 },
  )
})

test('no text makes it throw, or answer anything but a whole number within its bounds', () => {
  const pieces = fc.array(fc.constantFrom('1', '59', '0', 'd', 'h', 'm', 's', 'ms', '-', '.', ' '), {
    maxLength: 12,
  })
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        pieces.map(all => all.join('')),
      ),
      text => {
        const ms = parseDuration(text)
        assert.ok(ms === undefined || (Number.isInteger(ms) && ms >= 0 && ms <= LONGEST_DURATION))
      },
    ),
    { numRuns: 2000 },
  )
})

test('a duration is written with its greatest units', () => {
  assert.is(formatDuration(0), '0s')
  assert.is(formatDuration(9_000_000), '2h30m')
  assert.is(formatDuration(86_400_001), '1d1ms')
  for (const ms of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, LONGEST_DURATION + 1]) {
    thrownBy(() => formatDuration(ms), RangeError)
  }
})

test('sizes are bytes, or have a unit of thousands or of 1024s', () => {
  const good = {
    '0': 0,
    '65536': 65_536,
    '1B': 1,
    '500kB': 500_000,
    '64KiB': 65_536,
    '1MiB': 1_048_576,
    '2GB': 2e9,
  }
  for (const [text, bytes] of Object.entries(good)) assert.is(parseSize(text), bytes, text)
  for (const text of [
    '',
    'MiB',
    '-1',
    '1.5MiB',
    '1 MiB',
    '1mib',
    '1KB',
    '1TiB',
    '1e3',
    '999999999999999GiB',
  ]) {
    assert.is(parseSize(text), undefined, text)
  }
})

test.run()
