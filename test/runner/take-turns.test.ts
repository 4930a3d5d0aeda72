import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { longestFirst, type Turns, takeTurns } from '../support/runner/take-turns.js'

const test = suite('runner: which files run when')

test('those that may take longest start first, the others in the order they had', () => {
  const limits: Readonly<Record<string, number>> = { soak: 9000, seeds: 300, small: 5 }
  const files = ['a', 'seeds', 'b', 'small', 'soak']
  assert.equal(
    longestFirst(files, file => limits[file]),
    ['soak', 'seeds', 'small', 'a', 'b'],
  )
})

/** Runs files that end when they are told to. @param idle how many cores are, one look after the other */
function rig(count: number, turns: Turns, idle: readonly number[]) {
  const begun: string[] = []
  const ends = new Map<string, () => void>()
  const files = Array.from({ length: count }, (_, i) => `${i + 1}`)
  const run = (file: string): Promise<void> => {
    begun.push(file)
    return new Promise(resolve => ends.set(file, resolve))
  }
  let looks = 0
  let allLooked = (): void => {}
  const looked = new Promise<void>(resolve => {
    allLooked = resolve
  })
  const over = takeTurns(files, { ...turns, lookEvery: 1 }, run, () => {
    if (looks === idle.length) allLooked()
    return idle[looks++] ?? 0
  })
  const end = async (...ended: string[]): Promise<void> => {
    for (const file of ended) ends.get(file)!()
    await new Promise(resolve => setImmediate(resolve))
  }
  return { begun, over, looked, end }
}

test('as many run as there are jobs while no core is idle, and each runs once', async () => {
  const { begun, over, looked, end } = rig(5, { jobs: 2, most: 6 }, [0.1, 0.2, 0])
  await looked
  assert.equal(begun, ['1', '2'])
  await end('2')
  assert.equal(begun, ['1', '2', '3'])
  await end('1', '3')
  await end('4', '5')
  await over
  assert.equal(begun, ['1', '2', '3', '4', '5'])
})

test('one more runs for each look that finds a core idle, and none in its place when it has ended', async () => {
  const { begun, over, looked, end } = rig(6, { jobs: 2, most: 6 }, [0, 1.5, 0, 0.7])
  await looked
  assert.equal(begun, ['1', '2', '3', '4'])
  await end('3', '4')
  assert.equal(begun, ['1', '2', '3', '4'])
  await end('1', '2')
  await end('5', '6')
  await over
})

test('no more run than at most, however idle the cores are', async () => {
  const { begun, over, looked, end } = rig(4, { jobs: 1, most: 3 }, [2, 2])
  await looked
  assert.equal(begun, ['1', '2', '3'])
  await end('1', '2', '3')
  await end('4')
  await over
})

test('nothing to run is over at once', async () => {
  await takeTurns([], { jobs: 2, most: 6 }, async () => assert.unreachable())
})

test.run()
