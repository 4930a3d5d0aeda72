import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { thrownBy } from '../support/rejection.js'
import { listenTo, type PortPair, takeAll, testsOnPairs } from './port-pair.js'

/** What a port promises of its messages: their order, and how they are copied. */
export function portMessages(name: string, makePair: () => PortPair): void {
  const test = suite(`port contract, messages: ${name}`)
  const onPair = testsOnPairs(test, makePair)

  onPair(
    'messages arrive in the order in which they were posted, both ways',
    async ({ near, far, quiet }) => {
      const [atFar, atNear] = [listenTo(far), listenTo(near)]
      const numbers = Array.from({ length: 500 }, (_, i) => i)
      for (const number of numbers) {
        near.post(number)
        far.post(-number)
      }
      await quiet()
      assert.equal(atFar, numbers)
      assert.equal(
        atNear,
        numbers.map(number => -number),
      )
    },
  )

  onPair('nothing is delivered inside post', async ({ near, far, quiet }) => {
    const log = listenTo(far)
    near.post(1)
    assert.equal(log, [])
    await quiet()
    assert.equal(log, [1])
  })

  onPair('what came before anybody listened is delivered then', async ({ near, far, quiet }) => {
    near.post(1)
    near.post(2)
    await quiet()
    const log = listenTo(far)
    near.post(3)
    await quiet()
    assert.equal(log, [1, 2, 3])
  })

  onPair('a message can be taken without the event loop, in order', async ({ near, far }) => {
    assert.is(far.take(), undefined)
    near.post('a')
    near.post(null)
    near.post({ b: 1 })
    assert.equal(
      [far.take(), far.take(), far.take()],
      [{ message: 'a' }, { message: null }, { message: { b: 1 } }],
    )
    assert.is(far.take(), undefined)
  })

  onPair('what was taken is not delivered too, also where somebody listens', async ({ near, far, quiet }) => {
    const log = listenTo(far)
    await quiet()
    near.post(1)
    near.post(2)
    assert.equal(far.take(), { message: 1 })
    await quiet()
    assert.equal(log, [2])
  })

  onPair('a message is a copy', async ({ near, far }) => {
    const message = { list: [1], map: new Map([['a', new Date(5)]]) }
    near.post(message)
    message.list.push(2)
    const [copy] = takeAll(far)
    assert.equal(copy, { list: [1], map: new Map([['a', new Date(5)]]) })
  })

  onPair('objects within one message keep their identity, cycles included', async ({ near, far }) => {
    const shared = {}
    const message: Record<string, unknown> = { a: shared, b: shared }
    message.self = message
    near.post(message)
    const copy = takeAll(far)[0] as Record<string, unknown>
    assert.is(copy.a, copy.b)
    assert.is(copy.self, copy)
  })

  onPair('a class instance loses its prototype', async ({ near, far }) => {
    class Point {
      readonly x = 1
    }
    near.post(new Point())
    const [copy] = takeAll(far)
    assert.not.instance(copy, Point)
    assert.equal(copy, { x: 1 })
  })

  onPair('shared memory is shared', async ({ near, far }) => {
    const cells = new Int32Array(new SharedArrayBuffer(4))
    near.post({ cells })
    const { cells: seen } = takeAll(far)[0] as { cells: Int32Array }
    Atomics.store(cells, 0, 42)
    assert.is(Atomics.load(seen, 0), 42)
  })

  onPair('what is transferred is gone here and whole there', async ({ near, far }) => {
    const bytes = new Uint8Array([1, 2, 3])
    near.post({ bytes }, [bytes.buffer])
    assert.is(bytes.byteLength, 0)
    assert.equal([...(takeAll(far)[0] as { bytes: Uint8Array }).bytes], [1, 2, 3])
  })

  onPair('without a transfer list a buffer is copied', async ({ near, far }) => {
    const bytes = new Uint8Array([1, 2, 3])
    near.post(bytes)
    near.post(bytes, [])
    assert.is(bytes.byteLength, 3)
    assert.is(takeAll(far).length, 2)
  })

  onPair(
    'what cannot be cloned throws a DataCloneError, and nothing of it is sent',
    async ({ near, far }) => {
      const buffer = new ArrayBuffer(8)
      near.post('before')
      for (const message of [
        () => {},
        Symbol('x'),
        [1, 2, () => {}],
        { a: new Map([[1, () => {}]]) },
        new WeakMap(),
      ]) {
        assert.is(thrownBy(() => near.post(message), DOMException).name, 'DataCloneError')
      }
      assert.is(thrownBy(() => near.post([buffer, () => {}], [buffer]), DOMException).name, 'DataCloneError')
      assert.is(buffer.byteLength, 8, 'it was detached all the same')
      near.post('after')
      assert.equal(takeAll(far), ['before', 'after'])
    },
  )

  onPair('an accessor that throws while it is cloned throws out of post, and nothing is sent', async pair => {
    const message = Object.defineProperty({}, 'x', {
      enumerable: true,
      get: () => {
        throw new TypeError('from an accessor')
      },
    })
    assert.is(thrownBy(() => pair.near.post([1, message]), TypeError).message, 'from an accessor')
    assert.equal(takeAll(pair.far), [])
  })

  onPair('holding the event loop and letting it go changes nothing about messages', async pair => {
    const log = listenTo(pair.far)
    for (const held of [true, false, false, true, true, false]) {
      pair.far.hold(held)
      pair.near.post(held)
    }
    await pair.quiet()
    assert.equal(log, [true, false, false, true, true, false])
    pair.far.close()
    pair.far.hold(true)
    pair.far.hold(false)
  })

  test.run()
}
