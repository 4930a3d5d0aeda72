import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Deliveries } from '#src/bridge/deliveries.js'

const test = suite('bridge: what users are told')

function make() {
  const deferred: (() => void)[] = []
  const later: (() => void)[] = []
  const log: string[] = []
  const deliveries = new Deliveries(
    call => deferred.push(call),
    call => later.push(call),
  )
  const tell = (name: string, then?: () => void): void =>
    deliveries.deliver(() => {
      log.push(name)
      then?.()
    })
  const endTurn = (): void => {
    for (const call of deferred.splice(0)) call()
  }
  const nextTurn = (): void => {
    for (const call of later.splice(0)) call()
  }
  return { deliveries, log, tell, endTurn, nextTurn }
}

test('at once, where nothing is under way', () => {
  const { log, tell } = make()
  tell('one', () => tell('within'))
  tell('two')
  assert.equal(log, ['one', 'within', 'two'])
})

test('in order, when what was under way is over', () => {
  const { deliveries, log, tell } = make()
  deliveries.hold()
  tell('one', () => tell('caused by one'))
  deliveries.hold()
  tell('two')
  deliveries.release()
  assert.equal(log, [])
  deliveries.release()
  assert.equal(log, ['one', 'two', 'caused by one'])
  tell('three')
  assert.is(log.at(-1), 'three')
})

test('at the end of the turn, after a wait, and what follows after that', () => {
  const { deliveries, log, tell, endTurn } = make()
  deliveries.during(() => {
    deliveries.hold()
    tell('one')
    deliveries.release()
    deliveries.during(() => tell('two'))
  })
  tell('three')
  deliveries.hold()
  tell('four')
  deliveries.release()
  assert.equal(log, [])
  endTurn()
  assert.equal(log, ['one', 'two', 'three', 'four'])
})

test('one who is told may wait in turn: the others are told after it', () => {
  const { deliveries, log, tell, endTurn } = make()
  deliveries.hold()
  tell('one', () => {
    deliveries.during(() => tell('during'))
    deliveries.hold()
    tell('held')
    deliveries.release()
    log.push('one goes on')
  })
  tell('two')
  deliveries.release()
  endTurn()
  assert.equal(log, ['one', 'one goes on', 'two', 'during', 'held'])
})

test('a wait that fails is told after too', () => {
  const { deliveries, log, tell, endTurn } = make()
  assert.throws(() =>
    deliveries.during(() => {
      tell('one')
      throw new Error('interrupted')
    }),
  )
  endTurn()
  assert.equal(log, ['one'])
})

test('one who is told may do so again, and not so often that nothing else happens', () => {
  const { deliveries, log, tell, endTurn, nextTurn } = make()
  let count = 0
  // Whoever is told submits in the place of another, who is told.
  const again = (): void => {
    count++
    deliveries.inPlace(() => tell('told', again))
  }
  deliveries.inPlace(() => {
    tell('first', again)
    tell('with the first')
  })
  assert.equal(log.slice(0, 3), ['first', 'with the first', 'told'])
  const before = count
  assert.ok(before > 100 && before < 10_000, `${before} on end`)
  tell('later')
  deliveries.undisturbed(() => tell('later still'))
  endTurn()
  assert.is(count, before)
  nextTurn()
  assert.equal(log.slice(before + 1, before + 5), ['told', 'later', 'later still', 'told'])
  assert.is(count, 2 * before)
})

test.run()
