import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { instantAfter, instantOf, LATEST_INSTANT } from '#daemon/http/services/when.js'
import { dayFirst, yearFirst } from '#daemon/local-time.js'

const test = suite('daemon: dates and times of requests')

// The runtime looks at it anew whenever it is set.
process.env.TZ = 'Europe/Berlin'

const utc = (text: string) => Date.parse(text)

test('a day-first date is local', () => {
  assert.is(instantOf('01-02-2030 03:04:05'), utc('2030-02-01T02:04:05Z'))
  assert.is(instantOf('01-08-2030 03:04:05'), utc('2030-08-01T01:04:05Z'))
  assert.is(instantOf('29-02-2028 00:00:00'), utc('2028-02-28T23:00:00Z'))
  assert.is(instantOf('31-12-9999 23:59:59'), utc('9999-12-31T22:59:59Z'))
})

test('ISO 8601 with a zone is of that zone, without one local', () => {
  for (const text of ['2030-02-01T03:04:05', '2030-02-01 03:04:05', '2030-02-01T02:04:05Z']) {
    assert.is(instantOf(text), utc('2030-02-01T02:04:05Z'), text)
  }
  for (const text of ['2030-02-01T07:34:05+05:30', '2030-02-01T07:34:05+0530', '2030-01-31T21:04:05-05']) {
    assert.is(instantOf(text), utc('2030-02-01T02:04:05Z'), text)
  }
  assert.is(instantOf('2030-02-01T03:04'), utc('2030-02-01T02:04:00Z'))
  assert.is(instantOf('2030-02-01'), utc('2030-01-31T23:00:00Z'))
  assert.is(instantOf('2030-02-01T02:04:05.5Z'), utc('2030-02-01T02:04:05.500Z'))
  assert.is(instantOf('2030-02-01T02:04:05,123456789Z'), utc('2030-02-01T02:04:05.123Z'))
})

test('dates long past are dates, the first years too', () => {
  assert.is(instantOf('0001-01-01T00:00:00Z'), utc('0001-01-01T00:00:00Z'))
  assert.is(instantOf('0099-12-31T00:00:00Z'), utc('0099-12-31T00:00:00Z'))
})

test('a time that the clocks leave out is that much later, and one they show twice is the first', () => {
  assert.is(instantOf('31-03-2030 02:30:00'), utc('2030-03-31T01:30:00Z'))
  assert.is(dayFirst(instantOf('31-03-2030 02:30:00') ?? 0), '31-03-2030 03:30:00')
  assert.is(instantOf('27-10-2030 02:30:00'), utc('2030-10-27T00:30:00Z'))
})

test('what is no date is none', () => {
  const days = [
    '32-01-2030',
    '00-01-2030',
    '31-04-2030',
    '30-02-2030',
    '29-02-2030',
    '29-02-2100',
    '01-13-2030',
    '01-00-2030',
  ]
  const clocks = [
    '24:00:00',
    '25:00:00',
    '00:60:00',
    '00:00:60',
    '0:00:00',
    '00:00',
    '00:00:00.5',
    '00:00:00Z',
  ]
  const iso = [
    '2030-2-1',
    '2030-02',
    '20300201',
    '2030-02-30',
    '2030-02-01T',
    '2030-02-01T24:00',
    '2030-02-01T1:00',
  ]
  const zones = [
    '2030-02-01T00:00+24:00',
    '2030-02-01T00:00+01:60',
    '2030-02-01T00:00+1',
    '2030-02-01T00:00z',
  ]
  const other = [
    '',
    ' ',
    'now',
    '1893456000',
    '-2030-02-01',
    '+002030-02-01',
    '10000-01-01',
    '01-02-10000 00:00:00',
  ]
  const texts = [...days.map(day => `${day} 00:00:00`), ...clocks.map(clock => `01-02-2030 ${clock}`)]
  for (const text of [...texts, ...iso, ...zones, ...other, '01-02-2030 00:00:00\n', '٠١-٠٢-٢٠٣٠ ٠٠:٠٠:٠٠']) {
    assert.is(instantOf(text), undefined, text)
  }
  assert.is(instantOf('9999-12-31T23:59:59-01:00'), undefined)
})

test('a time is from now on', () => {
  assert.is(instantAfter('0s', 1000), 1000)
  assert.is(instantAfter('500ms', 1000), 1500)
  assert.is(instantAfter('2h30m', 1000), 1000 + 9_000_000)
  for (const text of ['-5m', '1.5h x', 'abc', 's', '', '5', '01-02-2030 00:00:00']) {
    assert.is(instantAfter(text, 1000), undefined, text)
  }
})

test('no time leads past the year 9999', () => {
  assert.is(instantAfter('1s', LATEST_INSTANT - 1000), LATEST_INSTANT)
  assert.is(instantAfter('1s', LATEST_INSTANT - 999), undefined)
})

test('what is written as local time is read as the same second', () => {
  for (const zone of ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'UTC']) {
    process.env.TZ = zone
    fc.assert(
      fc.property(fc.integer({ min: -60_000_000_000, max: 253_402_000_000 }), second => {
        for (const written of [dayFirst(second * 1000), yearFirst(second * 1000)]) {
          const read = instantOf(written)
          // Of two seconds that are written alike, the first is read.
          assert.is(dayFirst(read ?? Number.NaN), dayFirst(second * 1000), `${zone} ${written}`)
        }
      }),
      { numRuns: 300 },
    )
  }
  process.env.TZ = 'Europe/Berlin'
})

test('no text makes it throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'0123456789-:T Z+.,msh') }), text => {
      const instant = instantOf(text)
      assert.ok(instant === undefined || Number.isInteger(instant))
    }),
  )
})

test('local time is written with all its digits', () => {
  assert.is(dayFirst(utc('2030-02-01T02:04:05.999Z')), '01-02-2030 03:04:05')
  assert.is(yearFirst(utc('2030-02-01T02:04:05.999Z')), '2030-02-01 03:04:05')
  assert.is(yearFirst(utc('0099-06-01T12:00:00Z')).slice(0, 10), '0099-06-01')
})

test.run()
