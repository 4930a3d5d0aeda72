import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { END, listenTo, type PortPair, takeAll, testsOnPairs } from './port-pair.js'

/** What a port promises of its end. */
export function portEnding(name: string, makePair: () => PortPair): void {
  const test = suite(`port contract, ending: ${name}`)
  const onPair = testsOnPairs(test, makePair)

  onPair('when the other side closes, what it had posted comes first, then the end, once', async pair => {
    const log = listenTo(pair.far)
    pair.near.post(1)
    pair.near.post(2)
    pair.near.close()
    pair.near.close()
    await pair.quiet()
    assert.equal(log, [1, 2, END])
    pair.far.close()
    await pair.quiet()
    assert.equal(log, [1, 2, END])
  })

  onPair('whoever closes is told of the end too, once', async ({ near, quiet }) => {
    const log = listenTo(near)
    near.close()
    await quiet()
    near.close()
    await quiet()
    assert.equal(log, [END])
  })

  onPair('whoever closes hears no more messages', async ({ near, far, quiet }) => {
    const log = listenTo(near)
    await quiet()
    far.post('under way')
    near.close()
    await quiet()
    assert.equal(log, [END])
  })

  onPair('both sides may close at once', async ({ near, far, quiet }) => {
    const logs = [listenTo(near), listenTo(far)]
    near.close()
    far.close()
    await quiet()
    assert.equal(logs, [[END], [END]])
  })

  onPair('what was posted before the other side closed can still be taken', async ({ near, far }) => {
    near.post(1)
    near.post(2)
    near.close()
    assert.equal(takeAll(far), [1, 2])
  })

  onPair('posting and taking after the end is harmless, on both sides', async ({ near, far, quiet }) => {
    const log = listenTo(far)
    near.close()
    near.post('on a closed port')
    await quiet()
    far.post('to a closed port')
    near.post('on a closed port')
    await quiet()
    assert.equal([near.take(), far.take()], [undefined, undefined])
    assert.equal(log, [END])
  })

  test.run()
}
