import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { newJobId } from '#daemon/jobs/job-id.js'

const test = suite('job ids')

const VERSION_7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

test('an id is a UUID of version 7 that begins with its time', () => {
  const id = newJobId(0x0123_4567_89ab)
  assert.match(id, VERSION_7)
  assert.is(id.slice(0, 13), '01234567-89ab')
  assert.is(newJobId(1.75).slice(0, 13), '00000000-0001')
})

test('ids made later sort later, and no two are the same', () => {
  const ids = Array.from({ length: 5000 }, (_, index) => newJobId(1_700_000_000_000 + index))
  assert.equal([...ids].sort(), ids)
  const atOnce = Array.from({ length: 5000 }, () => newJobId(1_700_000_000_000))
  assert.is(new Set(atOnce).size, atOnce.length)
  for (const id of atOnce) assert.match(id, VERSION_7)
})

test.run()
