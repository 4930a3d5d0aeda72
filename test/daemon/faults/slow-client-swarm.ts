/*
 * A process of clients that open connections and send their requests a byte at a time, for ever. It writes a line
 * `open <n>` once all are connected, and `left <n>` whenever some of them have been dropped.
 *
 *     node slow-client-swarm.js <port> <how many>
 */
import { connect } from 'node:net'

const PAUSE_MS = 100

const [port, count] = process.argv.slice(2).map(Number)
const head = `POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\n`
const body = `${head}Content-Length: 1000000\r\n\r\n`

let connected = 0
let left = count!
for (let client = 0; client < count!; client++) {
  const socket = connect(port!, '127.0.0.1')
  // Some dribble in their headers, some in their body.
  const text = client % 2 === 0 ? `${head}X-Slow: ` : body
  let sent = 0
  const timer = setInterval(() => {
    if (!socket.writable) return
    socket.write(sent < text.length ? text.slice(sent, sent + 1) : '1')
    sent++
  }, PAUSE_MS)
  socket.once('connect', () => {
    // Those in their body have sent the rest of it at once.
    if (client % 2 === 1) {
      socket.write(text)
      sent = text.length
    }
    connected++
    if (connected === count) console.log(`open ${connected}`)
  })
  socket.resume()
  // Being reset is one of the ways of being dropped.
  socket.on('error', () => {})
  socket.once('close', () => {
    clearInterval(timer)
    left--
    console.log(`left ${left}`)
  })
}
