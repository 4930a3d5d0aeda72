import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { nearestName } from '#daemon/config/nearest-name.js'

const test = suite('daemon config: the nearest name')

const KNOWN = ['timeout', 'retries', 'lane', 'interruptions', 'env', 'os']

test('a name with a letter or two wrong, missing, too many or swapped is found', () => {
  const meant = {
    timeuot: 'timeout',
    retrys: 'retries',
    Lane: 'lane',
    lanes: 'lane',
    interuptions: 'interruptions',
  }
  for (const [written, name] of Object.entries(meant)) assert.is(nearestName(written, KNOWN), name, written)
  assert.is(nearestName('envv', KNOWN), 'env')
})

test('a name that is far from all is not guessed', () => {
  for (const name of ['', 'x', 'priority', 'color', 'x'.repeat(10_000)])
    assert.is(nearestName(name, KNOWN), undefined)
})

test('of two the nearer is chosen', () =>
  assert.is(nearestName('timout', ['timer', 'timeout', 'time']), 'timeout'))

test.run()
