import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { TaskInlet } from '#src/bridge/task-inlet.js'
import { Inlets } from '#src/lanes/inlets.js'

const test = suite('lanes: the connections of a lane thread')

function newInlet(): TaskInlet & { closes: number } {
  const inlet = { closes: 0, closed: () => void inlet.closes++ }
  return inlet as unknown as TaskInlet & { closes: number }
}

test('a sender that is connected anew has one connection, whenever the end of the first is seen', () => {
  const inlets = new Inlets()
  const [first, second] = [newInlet(), newInlet()]
  inlets.connect(7, first)
  inlets.connect(7, second)
  assert.equal([first.closes, inlets.get(7), inlets.size], [1, second, 1])
  inlets.closed(7, first)
  assert.equal([first.closes, inlets.get(7)], [1, second])
  inlets.closed(7, second)
  assert.equal([second.closes, inlets.size], [1, 0])
})

test.run()
