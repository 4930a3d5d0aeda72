import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Epoch } from '#src/core/clock.js'

const test = suite('core: the epoch')

const WALL = Date.UTC(2026, 0, 1)

test('the instant it was made from is shown as the wall time it was made from', () => {
  assert.is(new Epoch(WALL, 1234.5).fromInstant(1234.5), WALL)
})

test('two timestamps differ by the time that went by between their instants', () => {
  const instants = fc.integer({ min: 0, max: 2 ** 40 })
  fc.assert(
    fc.property(instants, instants, instants, (origin, a, b) => {
      const epoch = new Epoch(WALL, origin)
      assert.is(epoch.fromInstant(b) - epoch.fromInstant(a), b - a)
    }),
  )
})

test.run()
