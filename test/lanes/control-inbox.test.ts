import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { MemoryPort } from '#src/bridge/memory-port.js'
import { ControlInbox } from '#src/lanes/control-inbox.js'

const test = suite('lanes: what the supervisor says to a lane thread')

function inboxAndSupervisor() {
  const [near, far] = MemoryPort.pair({ posted: () => {} })
  const heard: string[] = []
  const turns: (() => void)[] = []
  const inbox = new ControlInbox(
    near,
    call => turns.push(call),
    ({ type }) => heard.push(type),
    () => {},
  )
  const says = (...types: string[]): void => {
    for (const type of types) far.post({ type })
  }
  return { inbox, near, heard, turns, says }
}

test('while the thread is blocked a connection is made, and all else is heard when its loop has turned', () => {
  const { inbox, heard, turns, says } = inboxAndSupervisor()
  says('turn', 'connect', 'abort')
  inbox.serve()
  assert.equal(heard, ['connect'])
  says('forget')
  inbox.serve()
  assert.is(turns.length, 1)
  turns[0]!()
  assert.equal(heard, ['connect', 'turn', 'abort', 'forget'])
})

test('what the loop brings before that comes after what was put off', () => {
  const { inbox, near, heard, turns, says } = inboxAndSupervisor()
  says('turn')
  inbox.serve()
  says('leave')
  near.deliver()
  assert.equal(heard, ['turn', 'leave'])
  turns[0]!()
  assert.equal(heard, ['turn', 'leave'])
})

test.run()
