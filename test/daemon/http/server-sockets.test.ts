// @time-limit 60s
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { DaemonConfig } from '#daemon/config/daemon-config.js'
import type { HttpService } from '#daemon/http/http-service.js'
import { RawClient } from '../../support/daemon/raw-client.js'
import { listening, scriptedServer } from '../../support/daemon/scripted-server.js'
import { eventually } from '../../support/eventually.js'

const test = suite('daemon http: clients that do not behave')

const LIMITS = { body: 100_000, depth: 32, request: 1000, connections: 1000 }
const PATIENT: DaemonConfig['limits'] = { ...LIMITS, request: 60_000 }

const large: HttpService = app => {
  app.get('/large', async () => 'x'.repeat(64 * 1024 * 1024))
}

async function withPort(
  limits: DaemonConfig['limits'],
  check: (port: number) => Promise<void>,
): Promise<void> {
  const { app } = await scriptedServer({ config: { limits }, services: [large] })
  const port = await listening(app)
  try {
    await check(port)
  } finally {
    await app.close()
  }
}

function post(port: number, ...headers: readonly string[]): string {
  const lines = [`Host: 127.0.0.1:${port}`, 'Content-Type: application/json', ...headers]
  return `POST /v1/jobs HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
}

async function isServed(port: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/jobs`, { headers: { connection: 'close' } })
  await answer.text()
  return answer.status === 200
}

test('a body that never ends is 408, as are headers that never do, and silence', async () => {
  await withPort(LIMITS, async port => {
    const never = new RawClient(port)
    never.send(`${post(port, 'Content-Length: 50')}{"name":`)
    const chunked = new RawClient(port)
    chunked.send(`${post(port, 'Transfer-Encoding: chunked')}1\r\n{\r\n`)
    const form = new RawClient(port)
    form.send(`POST /nowhere HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX-Half: a`)
    const silent = new RawClient(port)
    for (const client of [never, chunked, form, silent]) {
      await eventually('the server gives up', () => client.closed)
      assert.is(client.status, 408)
    }
    assert.match(never.received, /X-Content-Type-Options: nosniff/i)
    assert.is(JSON.parse(never.received.split('\r\n\r\n')[1]!).error.code, 'ERR_REQUEST_TIMEOUT')
    await eventually('others are served', () => isServed(port))
  })
})

test('a body that turns out too large is 413, and the client can read that while it sends', async () => {
  await withPort(PATIENT, async port => {
    const declared = new RawClient(port)
    declared.send(post(port, 'Content-Length: 1000000000'))
    const growing = new RawClient(port)
    growing.send(post(port, 'Transfer-Encoding: chunked'))
    const piece = `${(50_000).toString(16)}\r\n${'['.padEnd(50_000)}\r\n`
    await eventually('both are refused', () => {
      declared.send('['.padEnd(50_000))
      growing.send(piece)
      return declared.status === 413 && growing.status === 413
    })
    await eventually('and cut off if they go on all the same', () => {
      declared.send('['.padEnd(50_000))
      growing.send(piece)
      return declared.closed && growing.closed
    })
    assert.is([...declared.received.matchAll(/HTTP\/1\.1/g)].length, 1)
    assert.ok(await isServed(port))
  })
})

test('who sends the refused body to its end can go on, on the same connection', async () => {
  await withPort(PATIENT, async port => {
    const client = new RawClient(port)
    client.send(`${post(port, 'Content-Length: 200000')}${' '.repeat(200_000)}`)
    await eventually('the body is refused', () => client.status === 413)
    client.send(`GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
    await eventually('the next request is answered', () => client.status === 200)
    client.destroy()
  })
})

test('who is refused can send the body to its end, also if the connection is not kept', async () => {
  await withPort(PATIENT, async port => {
    const declared = new RawClient(port, { halfOpen: true })
    declared.send(`${post(port, 'Connection: close', 'Content-Length: 1000000')}${' '.repeat(10_000)}`)
    const growing = new RawClient(port, { halfOpen: true })
    const chunk = `${(50_000).toString(16)}\r\n${' '.repeat(50_000)}\r\n`
    growing.send(`${post(port, 'Connection: close', 'Transfer-Encoding: chunked')}${chunk.repeat(3)}`)
    const clients = [declared, growing]
    await eventually('both are refused', () => clients.every(client => client.status === 413))
    await eventually('the server closes its half', () => clients.every(client => client.ended))
    for (let sent = 10_000; sent < 1_000_000; sent += 10_000) declared.send(' '.repeat(10_000))
    for (let sent = 0; sent < 10; sent++) growing.send(chunk)
    growing.send('0\r\n\r\n')
    for (const client of clients) client.end()
    await eventually('the connections end', () => clients.every(client => client.closed))
    assert.equal(
      clients.map(client => client.failure),
      [undefined, undefined],
    )
    assert.ok(await isServed(port))
  })
})

test('a body of another kind that never ends is refused at its first byte', async () => {
  await withPort(PATIENT, async port => {
    const client = new RawClient(port)
    client.send(
      `POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n<\r\n`,
    )
    await eventually('it is refused', () => client.status === 415)
    client.destroy()
  })
})

test('what is no HTTP is 400, and headers without end 431', async () => {
  await withPort(PATIENT, async port => {
    for (const [text, status] of [
      ['SSH-2.0-OpenSSH\r\n\r\n', 400],
      [`GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: -1\r\n\r\n`, 400],
      [`GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, 431],
    ] as const) {
      const client = new RawClient(port)
      client.send(text)
      await eventually('the server hangs up', () => client.closed)
      assert.is(client.status, status)
      assert.match(client.received, /nosniff/i)
    }
  })
})

test('without a Host header, or with an expectation that is not known, the answer is as all others are', async () => {
  await withPort(PATIENT, async port => {
    const host = `Host: 127.0.0.1:${port}\r\n`
    for (const [headers, status, code] of [
      ['', 400, 'ERR_HOST_MISSING'],
      [`${host}Expect: much\r\n`, 417, 'ERR_EXPECTATION'],
      [`${host}Expect: much\r\nContent-Length: 10\r\n`, 417, 'ERR_EXPECTATION'],
      [`Host: evil.example\r\nExpect: much\r\n`, 403, 'ERR_HOST_FOREIGN'],
    ] as const) {
      const client = new RawClient(port)
      client.send(`GET /healthz HTTP/1.1\r\nConnection: close\r\n${headers}\r\n`)
      await eventually('the server hangs up', () => client.closed)
      assert.is(client.status, status)
      assert.match(client.received, code)
      assert.match(client.received, /nosniff/i)
    }
    const client = new RawClient(port)
    client.send(`POST /nowhere HTTP/1.1\r\n${host}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n`)
    await eventually('the client may go on', () => client.statuses.includes(100))
    client.destroy()
  })
})

test('200 slow clients keep nobody waiting', async () => {
  await withPort(PATIENT, async port => {
    const slow = Array.from({ length: 200 }, () => new RawClient(port))
    for (const [index, client] of slow.entries()) {
      client.send(index % 2 === 0 ? `${post(port, 'Content-Length: 50')}{` : 'GET / HT')
    }
    for (let round = 0; round < 20; round += 1) assert.ok(await isServed(port))
    assert.ok(slow.every(client => !client.closed))
    for (const client of slow) client.destroy()
  })
})

test('slow clients beyond the most connections lose theirs, and others are served', async () => {
  await withPort({ ...PATIENT, connections: 20 }, async port => {
    const slow = Array.from({ length: 100 }, () => new RawClient(port))
    for (const client of slow) client.send(`${post(port, 'Content-Length: 50')}{`)
    await eventually(
      'all but the most have been dropped',
      () => slow.filter(client => !client.closed).length <= 20,
    )
    for (let round = 0; round < 20; round += 1) assert.ok(await isServed(port))
    for (const client of slow) client.destroy()
  })
})

test('a client that does not read its answer is cut off', async () => {
  await withPort({ ...LIMITS, request: 300 }, async port => {
    const deaf = new RawClient(port)
    deaf.pause()
    deaf.send(`GET /large HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
    await eventually('others are served', () => isServed(port))
    await eventually('the server has let go of it', async () => {
      // Writing on a connection that is gone is how a client that does not read learns of it. Empty lines ahead of a
      // request are no nonsense, for which it would be cut off anyway.
      deaf.send('\r\n')
      return deaf.closed
    })
  })
})

test('a server that closes lets go of every client, and answers what has come', async () => {
  let release = () => {}
  const held = new Promise<void>(resolve => {
    release = resolve
  })
  let entered = false
  const slow: HttpService = app => {
    app.get('/slow', async () => {
      entered = true
      await held
      return 'slow but sure'
    })
  }
  const { app } = await scriptedServer({ config: { limits: PATIENT }, services: [slow, large] })
  const port = await listening(app)
  const [idle, half, deaf, served] = [0, 1, 2, 3].map(() => new RawClient(port)) as [
    RawClient,
    RawClient,
    RawClient,
    RawClient,
  ]
  idle.send(`GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
  half.send(`${post(port, 'Content-Length: 50')}{`)
  deaf.pause()
  deaf.send(`GET /large HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
  served.send(`GET /slow HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
  await eventually('the idle one is answered', () => idle.status === 200 && entered)

  const closed = app.close()
  await eventually('those that wait for nothing are dropped', () => idle.closed && half.closed)
  assert.not(served.closed)
  release()
  await closed
  await eventually('the request that had come is answered', () => served.closed)
  assert.match(served.received, /slow but sure$/)
  deaf.destroy()
})

test.run()
