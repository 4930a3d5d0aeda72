import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isOwnFrame, ownPlaceIn } from '#src/bridge/own-frames.js'
import { withMadeStacks } from '../support/made-stacks.js'

const test = suite('which stack frames are of the library')

const PLACES: readonly (readonly [frame: string, place: string | null])[] = [
  ['file:///a%20b/multilane/dist/bridge/own-frames.js:22:29', 'file:///a%20b/multilane/dist/'],
  [
    'Object.<anonymous> (/a (b)/dist/lanes/threads/lane-entry.cjs:9:1)',
    '/a (b)/dist/lanes/threads/lane-entry.cjs',
  ],
  [
    'Object.<anonymous> (C:\\app\\threads\\supervisor-entry.cjs:9:1)',
    'C:\\app\\threads\\supervisor-entry.cjs',
  ],
  ['file:///app/build/main.js:700:3', null],
  ['Object.<anonymous> (/app/build/main.cjs:700:3)', null],
  ['native', null],
]

for (const [frame, place] of PLACES) {
  test(`loaded at ${frame}`, () => {
    assert.is(
      ownPlaceIn(`Error: with a message\nof two lines\n    at ${frame}\n    at async x.js:1:1`),
      place,
    )
  })
}

test('with no stack to read, none is', () => {
  assert.is(ownPlaceIn(''), null)
  assert.is(ownPlaceIn('Error'), null)
})

test('it can be loaded where stacks are no text', async () => {
  let times = 0
  await withMadeStacks(async () => {
    const anew: { readonly isOwnFrame: typeof isOwnFrame } = await import(
      `${import.meta.resolve('#src/bridge/own-frames.js')}?${++times}`
    )
    assert.is(anew.isOwnFrame('    at node:internal/timers:5:1'), true)
  })
})

test('this one is not, that of the function called is', () => {
  const [, own = ''] = (new Error().stack ?? '').split('\n')
  assert.is(isOwnFrame(own), false)
  const library = own.replace(/file:.*$/, import.meta.resolve('#src/bridge/error-codec.js'))
  assert.is(isOwnFrame(library), true)
})

test.run()
