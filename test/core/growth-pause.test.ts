import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { GrowthPause } from '#src/core/growth-pause.js'

const test = suite('core: how long no further thread is asked for')

test('each pause in a row is twice as long, up to five seconds, and only the first is told of', () => {
  const pause = new GrowthPause()
  const pauses: number[] = []
  const told: boolean[] = []
  let now = 1_000
  for (let i = 0; i < 8; i++) {
    told.push(pause.refused(now))
    pauses.push(pause.until - now)
    now = pause.until
  }
  assert.equal(pauses, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000])
  assert.equal(told, [true, ...Array(7).fill(false)])
})

test('those that were asked for together make one pause', () => {
  const pause = new GrowthPause()
  assert.equal(
    [0, 0, 99].map(now => pause.refused(now)),
    [true, false, false],
  )
  assert.is(pause.until, 100)
})

test('a thread that is given begins it anew', () => {
  const pause = new GrowthPause()
  pause.refused(0)
  pause.refused(100)
  pause.given()
  assert.ok(pause.until < 0)
  assert.is(pause.refused(300), true)
  assert.is(pause.until, 400)
})

test.run()
