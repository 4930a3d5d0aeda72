import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { LaneLink } from '#src/bridge/lane-link.js'
import { MemoryPort } from '#src/bridge/memory-port.js'
import { ThreadBlock } from '#src/bridge/thread-block.js'

const test = suite('bridge: a sender and a thread')

function links(count: number) {
  const block = new ThreadBlock()
  const [port] = MemoryPort.pair({ posted: () => {} })
  return { block, links: Array.from({ length: count }, () => new LaneLink(1, port, block.buffer, [])) }
}

test('a sender that waits for room no more does not speak for another', () => {
  const {
    block,
    links: [one, other],
  } = links(2)
  one!.askForRoom(true)
  other!.askForRoom(true)
  other!.askForRoom(false)
  assert.is(block.backlog, true)
})

test('a wish for room is said once, and again when it has been heard', () => {
  const {
    block,
    links: [link],
  } = links(1)
  assert.is(link!.askForRoom(true), true)
  assert.is(link!.askForRoom(true), false)
  // What the thread does that says so.
  block.backlog = false
  link!.roomMade()
  assert.is(link!.askForRoom(true), true)
  assert.is(block.backlog, true)
})

test.run()
