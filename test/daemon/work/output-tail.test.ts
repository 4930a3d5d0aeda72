import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { OutputTail } from '#daemon/work/output-tail.js'

const test = suite('daemon, work: the output tail')

const MARK = '[earlier output was cut off]\n'
const tailOf = (limit: number, ...parts: (string | Uint8Array)[]) => {
  const tail = new OutputTail(limit)
  for (const part of parts) tail.write(typeof part === 'string' ? Buffer.from(part) : part)
  tail.end()
  return tail.text()
}

test('what fits is kept as it is', () => {
  assert.is(tailOf(100), '')
  assert.is(tailOf(100, 'a\n', 'b', '\nc'), 'a\nb\nc')
  assert.is(tailOf(6, '123456'), '123456')
})

test('of more the end is kept, from a line’s begin, and it says so', () => {
  assert.is(tailOf(8, 'one\n', 'two\n', 'three\n'), `${MARK}three\n`)
  assert.is(tailOf(8, 'one\ntwo\nthree\n'), `${MARK}three\n`)
  assert.is(tailOf(4, '123456789'), `${MARK}6789`)
})

test('no character is cut in two, neither at the begin nor between two parts', () => {
  const euro = Buffer.from('€')
  assert.is(tailOf(100, euro.subarray(0, 1), euro.subarray(1)), '€')
  assert.is(tailOf(7, '€€€'), `${MARK}€€`)
  const open = new OutputTail(100)
  open.write(Buffer.from('a'))
  open.write(euro.subarray(0, 2))
  assert.is(open.text(), 'a', 'the rest may follow')
  open.write(euro.subarray(2))
  assert.is(open.text(), 'a€')
  assert.is(tailOf(100, 'a', euro.subarray(0, 2)), 'a\ufffd', 'nothing follows')
})

test('bytes that are no text stay within the limit', () => {
  const text = tailOf(1000, Buffer.alloc(5000, 0xff))
  assert.ok(Buffer.byteLength(text) <= 1000 + MARK.length)
  assert.match(text, /^\[earlier/)
})

test('lines', () => {
  const tail = new OutputTail(20)
  tail.line('one')
  tail.line('x'.repeat(1_000_000))
  tail.line('two')
  tail.end()
  assert.is(tail.text(), `${MARK}two\n`)
})

test('it is always the end of what was written, and never more than the limit', () => {
  const parts = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constant('\n'), fc.string()), {
    maxLength: 60,
  })
  fc.assert(
    fc.property(parts, fc.integer({ min: 4, max: 200 }), (texts, limit) => {
      const bytes = texts.map(text => Buffer.from(text))
      const whole = Buffer.concat(bytes).toString()
      const kept = tailOf(limit, ...bytes)
      if (Buffer.byteLength(whole) <= limit) assert.is(kept, whole)
      else {
        assert.ok(kept.startsWith(MARK))
        const end = kept.slice(MARK.length)
        assert.ok(whole.endsWith(end))
        assert.ok(Buffer.byteLength(end) <= limit)
      }
    }),
  )
})

test('a gigabyte in small memory', () => {
  const tail = new OutputTail()
  const part = Buffer.from('y\n'.repeat(32 * 1024))
  for (let i = 0; i < 16_384; i++) tail.write(part)
  assert.is(tail.written, 16_384 * 65_536)
  assert.is(tail.text(), `${MARK}${'y\n'.repeat(32 * 1024 - 1)}`)
})

test.run()
