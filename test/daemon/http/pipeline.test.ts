// @time-limit 60s
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { HttpService } from '#daemon/http/http-service.js'
import { RawClient } from '../../support/daemon/raw-client.js'
import { listening, scriptedServer } from '../../support/daemon/scripted-server.js'
import { eventually } from '../../support/eventually.js'

const test = suite('daemon http: requests sent ahead')

const LIMITS = { body: 1_000_000, depth: 32, request: 60_000, connections: 1000 }
const HOST = 'jobs.example.org'
const MIB = 'x'.repeat(1024 * 1024)
const MANY = 1000

interface Scene {
  readonly port: number
  /** The names of the requests whose handler has begun. */
  readonly begun: readonly string[]
  /** Lets the handlers go on, those to come as well. */
  readonly release: () => void
  readonly close: () => Promise<void>
}

/** With `/named/:name`, which is held until the release, `/echo/:name`, which takes a body, and `/large/:name`. */
async function withScene(request: number, check: (scene: Scene) => Promise<void>): Promise<void> {
  const begun: string[] = []
  let release = () => {}
  const held = new Promise<void>(resolve => {
    release = resolve
  })
  const service: HttpService = app => {
    app.get<{ Params: { name: string } }>('/named/:name', async ({ params }) => {
      begun.push(params.name)
      await held
      return `<${params.name}>`
    })
    app.post<{ Params: { name: string }; Body: { text: string } }>(
      '/echo/:name',
      async ({ params, body }) => {
        begun.push(params.name)
        return `<${params.name} ${body.text.length}>`
      },
    )
    app.get<{ Params: { name: string } }>('/large/:name', async ({ params }) => {
      begun.push(params.name)
      return `${MIB}<${params.name}>`
    })
  }
  const limits = { ...LIMITS, request }
  const { app } = await scriptedServer({ config: { hosts: [HOST], limits }, services: [service] })
  const port = await listening(app)
  const close = () => app.close()
  try {
    await check({ port, begun, release, close })
  } finally {
    release()
    await close()
  }
}

function get(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`
}

function post(name: string, length: number): string {
  const body = JSON.stringify({ text: 'x'.repeat(length) })
  const headers = `Host: ${HOST}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`
  return `POST /echo/${name} HTTP/1.1\r\n${headers}\r\n\r\n${body}`
}

function namesIn({ received }: RawClient): readonly string[] {
  return [...received.matchAll(/<(\w+)[^>]*>/g)].map(([, name]) => name!)
}

async function isServed(port: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/healthz`, { headers: { connection: 'close' } })
  await answer.text()
  return answer.status === 200
}

test('requests sent at once are answered in order, each when the one before is', async () => {
  await withScene(LIMITS.request, async ({ port, begun, release }) => {
    const client = new RawClient(port)
    client.send(get('/named/a') + get('/large/b') + get('/named/c') + get('/healthz') + get('/named/d'))
    await eventually('the first is begun', () => begun.length > 0)
    assert.ok(await isServed(port))
    assert.equal(begun, ['a'])
    release()
    await eventually('all are answered', () => namesIn(client).length === 4 && client.statuses.length === 5)
    assert.equal(namesIn(client), ['a', 'b', 'c', 'd'])
    assert.equal(client.statuses, [200, 200, 200, 200, 200])
    client.send(get('/named/e'))
    await eventually('the connection can be used further', () => namesIn(client).at(-1) === 'e')
    client.destroy()
  })
})

test('a thousand requests in one packet are all answered to who reads', async () => {
  await withScene(LIMITS.request, async ({ port, release }) => {
    release()
    const client = new RawClient(port)
    const names = Array.from({ length: MANY }, (_, index) => `n${index}`)
    client.send(names.map(name => get(`/named/${name}`)).join(''))
    await eventually('the last is answered', () => namesIn(client).length === MANY)
    assert.equal(namesIn(client), names)
    client.destroy()
  })
})

test('bodies that come while their requests wait arrive whole', async () => {
  await withScene(LIMITS.request, async ({ port, begun, release }) => {
    const client = new RawClient(port)
    const large = post('b', 300_000)
    client.send(get('/named/a') + post('s', 10) + large.slice(0, 1000))
    await eventually('the first is begun', () => begun.length > 0)
    client.send(large.slice(1000))
    client.send(post('c', 300_000) + get('/named/d'))
    assert.ok(await isServed(port))
    release()
    await eventually('all are answered', () => namesIn(client).length === 5)
    assert.equal(namesIn(client), ['a', 's', 'b', 'c', 'd'])
    assert.match(client.received, /<s 10>.*<b 300000>.*<c 300000>/s)
    client.destroy()
  })
})

test('who does not read has no more handled than a connection holds, and the rest when it does', async () => {
  await withScene(LIMITS.request, async ({ port, begun }) => {
    const client = new RawClient(port)
    client.pause()
    const names = Array.from({ length: 40 }, (_, index) => `n${index}`)
    client.send(names.map(name => get(`/large/${name}`)).join(''))
    let handled = -1
    await eventually('no more are handled', async () => {
      const before = handled
      for (let round = 0; round < 20; round += 1) assert.ok(await isServed(port))
      handled = begun.length
      return handled > 0 && handled === before
    })
    assert.ok(handled < names.length, `${handled}`)
    client.resume()
    await eventually('it gets all', () => namesIn(client).length === names.length)
    assert.equal(namesIn(client), names)
    client.destroy()
  })
})

test('who sends much ahead and never reads is cut off, and what it has sent is not handled', async () => {
  await withScene(1000, async ({ port, begun }) => {
    const deaf = new RawClient(port)
    deaf.pause()
    deaf.send(get('/large/x').repeat(MANY))
    await eventually('the server has let go of it', async () => {
      deaf.send('\r\n')
      assert.ok(await isServed(port))
      return deaf.closed
    })
    assert.ok(begun.length < MANY / 10, `${begun.length}`)
  })
})

test('nonsense behind good requests is 400, after their answers', async () => {
  await withScene(LIMITS.request, async ({ port, begun, release }) => {
    const client = new RawClient(port)
    client.send(`${get('/named/a')}${post('b', 10)}nonsense\r\n\r\n`)
    await eventually('the first is begun', () => begun.length > 0)
    release()
    await eventually('the server hangs up', () => client.closed)
    assert.equal(client.statuses, [200, 200, 400])
    assert.equal(namesIn(client), ['a', 'b'])
    assert.is(client.failure, undefined)
  })
})

test('a request that does not come to its end is 408, after the answers to those before it', async () => {
  await withScene(2000, async ({ port, begun, release }) => {
    const halves = ['GET /nam', post('b', 200).slice(0, 200)]
    const clients = halves.map(half => {
      const client = new RawClient(port)
      client.send(get('/named/a') + half)
      return client
    })
    await eventually('the whole ones are begun', () => begun.length === clients.length)
    const later = new RawClient(port)
    later.send('GET /nam')
    await eventually('the time of the others is over', () => later.closed)
    release()
    for (const client of clients) {
      await eventually('the server hangs up', () => client.closed)
      assert.equal(client.statuses, [200, 408])
    }
    assert.equal(begun, ['a', 'a'])
  })
})

test('behind an answer that closes the connection nothing is handled', async () => {
  await withScene(LIMITS.request, async ({ port, begun, release }) => {
    release()
    const client = new RawClient(port)
    const last = `GET /nowhere HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`
    client.send(`${get('/named/a')}${last}${post('b', 10)}`)
    await eventually('the server hangs up', () => client.closed)
    assert.equal(client.statuses, [200, 404])
    assert.equal(begun, ['a'])
  })
})

test('a server that closes answers what was sent ahead', async () => {
  await withScene(LIMITS.request, async ({ port, begun, release, close }) => {
    const client = new RawClient(port)
    const idle = new RawClient(port)
    client.send(get('/named/a') + get('/named/b'))
    idle.send(get('/healthz'))
    await eventually('the first is begun', () => begun.length > 0 && idle.status === 200)
    const closed = close()
    await eventually('the server closes', () => idle.closed)
    release()
    await closed
    await eventually('the connection ends', () => client.closed)
    assert.equal(namesIn(client), ['a', 'b'])
  })
})

test.run()
