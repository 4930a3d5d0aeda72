import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { GreatestFirst, type Weighed } from '#src/core/greatest-first.js'

const test = suite('core: the greatest of many')

const weight = fc.constantFrom(Number.NEGATIVE_INFINITY, -3, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('add' as const), weight, which: fc.nat(1000) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('remove' as const, 'reweigh'),
      weight,
      which: fc.nat(1000),
    }),
  },
)

test('whatever comes, goes and changes, the greatest is that of a list, down to the last', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120, size: 'max' }), steps => {
      const heap = new GreatestFirst<Weighed>()
      const items: Weighed[] = []
      const compare = () => {
        assert.is(heap.size, items.length)
        assert.is(heap.greatest, Math.max(...items.map(item => item.weight)))
        assert.equal(new Set(heap), new Set(items))
      }
      for (const { kind, weight, which } of steps) {
        const index = which % items.length
        if (kind === 'add') {
          const item = { weight, position: 0 }
          items.push(item)
          heap.add(item)
        } else if (items.length > 0) {
          if (kind === 'remove') heap.remove(items.splice(index, 1)[0]!)
          else heap.reweigh(items[index]!, weight)
        }
        compare()
      }
      while (items.length > 0) {
        heap.remove(items.splice(items.length >> 1, 1)[0]!)
        compare()
      }
    }),
    { numRuns: 300 },
  )
})

test.run()
