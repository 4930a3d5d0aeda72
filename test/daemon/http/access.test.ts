import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { DaemonConfig } from '#daemon/config/daemon-config.js'
import type { HttpService } from '#daemon/http/http-service.js'
import { RawClient } from '../../support/daemon/raw-client.js'
import { listening, type ScriptedServer, scriptedServer } from '../../support/daemon/scripted-server.js'
import { eventually } from '../../support/eventually.js'

const test = suite('daemon http: who may come in')

/** A GET that starts something, as that of the groups does. */
const startsByGet: HttpService = app => {
  app.get('/start', { config: { access: 'write' } }, async () => 'started')
}

const SUBMISSION = { name: 'report' }

async function withServer(config: Partial<DaemonConfig>, check: (server: ScriptedServer) => Promise<void>) {
  const server = await scriptedServer({ config, services: [startsByGet] })
  try {
    await check(server)
  } finally {
    await server.app.close()
  }
}

/** The status of the answer to a request with these very header lines. */
async function statusOf(
  port: number,
  lines: readonly string[],
  target = '/healthz',
): Promise<number | undefined> {
  const client = new RawClient(port)
  client.send([`GET ${target} HTTP/1.1`, ...lines, 'Connection: close', '', ''].join('\r\n'))
  await eventually('the server has answered', () => client.closed)
  return client.status
}

test('the Host header must name the server, with its port', async () => {
  await withServer({ hosts: ['jobs.example.com', 'proxy.example.com:8443'] }, async ({ app }) => {
    const port = await listening(app)
    const good = [
      `127.0.0.1:${port}`,
      `localhost:${port}`,
      `LocalHost:${port}`,
      `[::1]:${port}`,
      'jobs.example.com',
      'JOBS.example.com:443',
      'proxy.example.com:8443',
    ]
    for (const host of good) assert.is(await statusOf(port, [`Host: ${host}`]), 200, host)
    const foreign = [
      'evil.example',
      `evil.example:${port}`,
      '127.0.0.1',
      'localhost',
      `127.0.0.1:${port + 1}`,
      `localhost.:${port}`,
      `localhost.evil.example:${port}`,
      `a@localhost:${port}`,
      `localhost:${port}/`,
      `0.0.0.0:${port}`,
      `127.1:${port}`,
      'proxy.example.com',
      'proxy.example.com:8444',
      'www.jobs.example.com',
    ]
    for (const host of foreign) assert.is(await statusOf(port, [`Host: ${host}`]), 403, host)
  })
})

test('without a Host header, with an empty one or with two it is a bad request', async () => {
  await withServer({}, async ({ app }) => {
    const port = await listening(app)
    assert.is(await statusOf(port, []), 400)
    assert.is(await statusOf(port, ['Host:']), 400)
    assert.is(await statusOf(port, [`Host: 127.0.0.1:${port}`, 'Host: evil.example']), 400)
    const client = new RawClient(port)
    client.send('GET /healthz HTTP/1.0\r\n\r\n')
    await eventually('the server has answered', () => client.closed)
    assert.is(client.status, 400)
  })
})

test('a request that names another server in its first line is refused', async () => {
  await withServer({}, async ({ app }) => {
    const port = await listening(app)
    const host = [`Host: 127.0.0.1:${port}`]
    assert.is(await statusOf(port, host, `http://evil.example/healthz`), 400)
    assert.is(await statusOf(port, host, '*'), 400)
  })
})

test('a malformed URL is no way around it', async () => {
  await withServer({ tokens: { read: null, write: 'writer-1' } }, async ({ app }) => {
    const headers = { authorization: 'Bearer writer-1' }
    for (const [sent, status] of [
      [{}, 401],
      [{ ...headers, host: 'evil.example' }, 403],
      [headers, 400],
    ] as const) {
      assert.is((await app.inject({ url: '/%zz', headers: sent })).statusCode, status)
    }
  })
})

test('on the usual port the Host header needs none', async () => {
  await withServer({}, async ({ app }) => {
    // Called in its own process, the server has no port to compare.
    const answer = await app.inject({ url: '/healthz', headers: { host: 'localhost' } })
    assert.is(answer.statusCode, 200)
    const foreign = await app.inject({ url: '/healthz', headers: { host: 'evil.example' } })
    assert.is(foreign.statusCode, 403)
    assert.is(foreign.json().error.code, 'ERR_HOST_FOREIGN')
  })
})

test('a foreign Origin is refused on every method, and nothing happens', async () => {
  await withServer({ hosts: ['jobs.example.com'] }, async ({ app, jobs }) => {
    const port = await listening(app)
    const host = `127.0.0.1:${port}`
    const foreign = [
      'null',
      'http://evil.example',
      `http://evil.example:${port}`,
      'http://localhost',
      `http://localhost:${port + 1}`,
      `https://localhost`,
      `ftp://localhost:${port}`,
      `http://localhost:${port}.evil.example`,
      `http://a@localhost:${port}`,
      'http://jobs.example.com:9999',
      `file://`,
      '',
      'http://localhost:',
    ]
    for (const origin of foreign) {
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'] as const) {
        const headers = { host, origin }
        const answer = await app.inject({ method, url: '/v1/jobs', headers, payload: SUBMISSION })
        assert.is(answer.statusCode, 403, `${method} from ${origin}`)
      }
    }
    assert.equal(jobs.ids, [])
  })
})

test('an Origin of the server itself is fine', async () => {
  await withServer({ hosts: ['jobs.example.com'] }, async ({ app }) => {
    const port = await listening(app)
    const host = `127.0.0.1:${port}`
    const own = [
      `http://localhost:${port}`,
      `http://127.0.0.1:${port}`,
      `http://[::1]:${port}`,
      'https://jobs.example.com',
    ]
    for (const origin of own) {
      const headers = { host, origin }
      const answer = await app.inject({ method: 'POST', url: '/v1/jobs', headers, payload: SUBMISSION })
      assert.is(answer.statusCode, 202, origin)
    }
    const proxied = { host: 'jobs.example.com:8443', origin: 'https://jobs.example.com:8443' }
    assert.is((await app.inject({ url: '/v1/jobs', headers: proxied })).statusCode, 200)
  })
})

test('what a page of another site fetches without an Origin is refused, on any method and path', async () => {
  await withServer({}, async ({ app }) => {
    for (const site of ['cross-site', 'same-site', 'anything']) {
      for (const url of ['/start', '/healthz', '/nowhere']) {
        const headers = { 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
        assert.is((await app.inject({ url, headers })).statusCode, 403, `${url} from ${site}`)
      }
    }
    for (const site of ['same-origin', 'none']) {
      const answer = await app.inject({ url: '/start', headers: { 'sec-fetch-site': site } })
      assert.is(answer.statusCode, 200, site)
    }
  })
})

test('no answer allows other sites anything, or sets a cookie', async () => {
  await withServer({}, async ({ app }) => {
    for (const method of ['GET', 'OPTIONS'] as const) {
      const headers = { origin: 'http://localhost:80', 'access-control-request-method': 'POST' }
      const answer = await app.inject({ method, url: '/v1/jobs', headers })
      const names = Object.keys(answer.headers)
      assert.equal(
        names.filter(
          name => name.startsWith('access-control') || name === 'set-cookie' || name === 'x-powered-by',
        ),
        [],
      )
    }
  })
})

const READ = { authorization: 'Bearer reader-1' }
const WRITE = { authorization: 'Bearer writer-1' }

interface Row {
  readonly name: string
  readonly tokens: DaemonConfig['tokens']
  /** The statuses without a token, with a wrong one, with the read and with the write token. */
  readonly read: readonly number[]
  readonly write: readonly number[]
}

const ROWS: readonly Row[] = [
  {
    name: 'no tokens',
    tokens: { read: null, write: null },
    read: [200, 200, 200, 200],
    write: [202, 202, 202, 202],
  },
  {
    name: 'both tokens',
    tokens: { read: 'reader-1', write: 'writer-1' },
    read: [401, 401, 200, 200],
    write: [401, 401, 403, 202],
  },
  {
    name: 'write alone',
    tokens: { read: null, write: 'writer-1' },
    read: [401, 401, 401, 200],
    write: [401, 401, 401, 202],
  },
  {
    name: 'read alone',
    tokens: { read: 'reader-1', write: null },
    read: [401, 401, 200, 401],
    write: [401, 401, 403, 401],
  },
]

for (const { name, tokens, read, write } of ROWS) {
  test(`${name}: what is needed to read and to write`, async () => {
    await withServer({ tokens }, async ({ app }) => {
      const senders = [{}, { authorization: 'Bearer guess' }, READ, WRITE]
      const reading = await Promise.all(senders.map(headers => app.inject({ url: '/v1/jobs', headers })))
      assert.equal(
        reading.map(answer => answer.statusCode),
        read,
      )
      const writing = await Promise.all(
        senders.map(headers => app.inject({ method: 'POST', url: '/v1/jobs', headers, payload: SUBMISSION })),
      )
      assert.equal(
        writing.map(answer => answer.statusCode),
        write,
      )
      for (const answer of [...reading, ...writing]) {
        if (answer.statusCode === 401) assert.match(`${answer.headers['www-authenticate']}`, /^Bearer/)
      }
      for (const headers of senders) {
        assert.is((await app.inject({ url: '/healthz', headers })).statusCode, 200, 'healthz is open')
      }
    })
  })
}

test('a GET that starts something needs the write token', async () => {
  await withServer({ tokens: { read: 'reader-1', write: 'writer-1' } }, async ({ app }) => {
    assert.is((await app.inject({ url: '/start' })).statusCode, 401)
    for (const method of ['GET', 'HEAD'] as const) {
      assert.is((await app.inject({ method, url: '/start', headers: READ })).statusCode, 403)
      assert.is((await app.inject({ method, url: '/start', headers: WRITE })).statusCode, 200)
    }
  })
})

test('which paths and methods there are is told only to those who may read', async () => {
  await withServer({ tokens: { read: 'reader-1', write: 'writer-1' } }, async ({ app }) => {
    for (const [method, url, status] of [
      ['GET', '/nowhere', 404],
      ['POST', '/nowhere', 404],
      ['DELETE', '/v1/jobs', 405],
      ['GET', '/readyz', 200],
      ['GET', '/openapi.json', 200],
    ] as const) {
      assert.is((await app.inject({ method, url })).statusCode, 401, `${method} ${url}`)
      assert.is((await app.inject({ method, url, headers: READ })).statusCode, status, `${method} ${url}`)
    }
  })
})

test('a token must be sent as one', async () => {
  await withServer({ tokens: { read: null, write: 'writer-1' } }, async ({ app }) => {
    for (const authorization of [
      'writer-1',
      'Basic writer-1',
      'Bearer',
      'Bearer ',
      'Bearer writer-1 x',
      'Bearer writer-',
      'Bearer writer-11',
    ]) {
      const answer = await app.inject({ url: '/v1/jobs', headers: { authorization } })
      assert.is(answer.statusCode, 401, authorization)
    }
    const answer = await app.inject({ url: '/v1/jobs', headers: { authorization: 'bearer  writer-1' } })
    assert.is(answer.statusCode, 200)
  })
})

test('who is refused is refused before the body has come', async () => {
  await withServer({ tokens: { read: null, write: 'writer-1' } }, async ({ app }) => {
    const port = await listening(app)
    const client = new RawClient(port)
    client.send(
      `POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{`,
    )
    await eventually('it is refused', () => client.status === 401)
    client.destroy()
  })
})

test.run()
