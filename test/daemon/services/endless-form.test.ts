import { connect } from 'node:net'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createScriptedWorld } from './scripted-world.js'

const test = suite('daemon: forms without an end')

const CHUNK = Buffer.alloc(64 * 1024, 'x')

/** The first line of the answer to a form whose last part goes on for as long as the server listens. */
async function answerToEndless(port: number, part: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.setEncoding('latin1')
  socket.on('data', data => {
    answer += data
  })
  // The server may close the connection while this side still sends.
  socket.on('error', () => undefined)
  const closed = new Promise(resolve => socket.once('close', resolve))
  const head = [
    'POST /job HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    'Content-Type: multipart/form-data; boundary=edge',
    'Transfer-Encoding: chunked',
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n`)
  const chunk = (data: Buffer) =>
    Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from('\r\n')])
  socket.write(chunk(Buffer.from(`--edge\r\nContent-Disposition: form-data; ${part}\r\n\r\n`)))
  const more = () => {
    while (socket.writable && socket.write(chunk(CHUNK)));
  }
  socket.on('drain', more)
  more()
  await closed
  return answer.split('\r\n', 1)[0] ?? ''
}

test('a field or a file that does not end gets 413', async () => {
  const world = await createScriptedWorld()
  try {
    await world.app.listen({ host: '127.0.0.1', port: 0 })
    const address = world.app.server.address()
    assert.ok(typeof address === 'object' && address !== null)
    for (const part of ['name="time"', 'name="more"; filename="a.bin"']) {
      assert.match(await answerToEndless(address.port, part), /^HTTP\/1\.1 413 /, part)
    }
    assert.equal(world.jobs.ids, [])
  } finally {
    await world.close()
  }
})

test.run()
