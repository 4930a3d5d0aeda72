// @time-limit 60s
import { request } from 'node:http'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type DaemonProcess, startDaemon, withDaemon } from '../../support/daemon/daemon-process.js'
import { rejectionOf } from '../../support/rejection.js'
import { ask, faultConfig, postJson, withFaultFolder } from './fault-daemon.js'

const test = suite('daemon faults: who may come in')

const READ = 'the-token-that-reads'
const WRITE = 'the-token-that-writes'
const UNKNOWN = '00000000-0000-4000-8000-000000000000'

const READS: readonly string[] = [
  '/v1/jobs',
  `/v1/jobs/${UNKNOWN}`,
  `/v1/jobs/${UNKNOWN}/log`,
  `/status/${UNKNOWN}`,
  `/check/${UNKNOWN.replaceAll('-', '')}`,
  `/api?id=${UNKNOWN}`,
  '/jobs',
  `/job/${UNKNOWN}`,
  '/readyz',
  '/openapi.json',
  '/nowhere',
]

const WRITES: readonly (readonly [method: string, path: string])[] = [
  ['POST', '/v1/jobs'],
  ['POST', `/v1/jobs/${UNKNOWN}/cancel`],
  ['POST', '/api'],
  ['POST', '/job'],
  ['DELETE', `/job/${UNKNOWN}`],
  ['POST', '/group/both'],
  ['GET', '/group/both'],
]

/** With headers that fetch would not send. */
function statusOf(
  daemon: DaemonProcess,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly status: number; readonly names: readonly string[] }> {
  const { hostname, port } = new URL(daemon.address)
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path, method, headers, agent: false }, response => {
      response.resume()
      resolve({ status: response.statusCode ?? 0, names: Object.keys(response.headers) })
    })
    asked.on('error', reject)
    asked.end()
  })
}

async function everyJob(
  daemon: DaemonProcess,
  headers: Readonly<Record<string, string>> = {},
): Promise<number> {
  return JSON.parse((await ask(daemon, '/v1/jobs', { headers })).text).jobs.length
}

test('on an address that others can reach, it does not start without tokens', async () => {
  await withFaultFolder(async folder => {
    const config = faultConfig(folder)
    const half = { MULTILANED_WRITE_TOKEN: WRITE }
    for (const host of ['0.0.0.0', '::']) {
      for (const env of [{}, half]) {
        const { message } = await rejectionOf(
          startDaemon({ folder, config, env, flags: ['--host', host] }),
          Error,
        )
        assert.match(message, /ended by 1 before it listened/)
        assert.match(message, /token/i)
        assert.is(message.includes(WRITE), false)
      }
    }
    const env = { ...half, MULTILANED_READ_TOKEN: READ }
    await withDaemon({ folder, config, env, flags: ['--host', '0.0.0.0'] }, async daemon => {
      const address = `http://127.0.0.1:${new URL(daemon.address).port}`
      assert.is((await fetch(`${address}/v1/jobs`)).status, 401)
      const headers = { authorization: `Bearer ${READ}` }
      assert.is((await fetch(`${address}/v1/jobs`, { headers })).status, 200)
    })
  })
})

test('with tokens: none and wrong ones open nothing, the one reads, the other does all', async () => {
  await withFaultFolder(async folder => {
    const env = { MULTILANED_READ_TOKEN: READ, MULTILANED_WRITE_TOKEN: WRITE }
    await withDaemon({ folder, config: faultConfig(folder), env }, async daemon => {
      const status = async (method: string, path: string, token?: string) => {
        const headers: Record<string, string> = token === undefined ? {} : { authorization: token }
        return (await statusOf(daemon, method, path, headers)).status
      }
      const wrong = [
        undefined,
        'Bearer',
        'Bearer wrong-token-wrong-token',
        `Basic ${WRITE}`,
        WRITE,
        `Bearer ${WRITE}x`,
      ]
      for (const token of wrong) {
        for (const path of READS) assert.is(await status('GET', path, token), 401, `GET ${path} ${token}`)
        for (const [method, path] of WRITES) {
          assert.is(await status(method, path, token), 401, `${method} ${path} ${token}`)
        }
        assert.is(await status('GET', '/healthz', token), 200)
      }
      for (const [method, path] of WRITES) {
        assert.is(await status(method, path, `Bearer ${READ}`), 403, `${method} ${path}`)
      }
      assert.is(await everyJob(daemon, { authorization: `Bearer ${READ}` }), 0)
      for (const path of READS) {
        for (const token of [READ, WRITE]) {
          assert.ok(![401, 403].includes(await status('GET', path, `Bearer ${token}`)), path)
        }
      }
      assert.is(await status('GET', '/group/both', `Bearer ${WRITE}`), 202)
      assert.is(await everyJob(daemon, { authorization: `Bearer ${WRITE}` }), 2)
      const { stdout, stderr } = daemon.output()
      assert.is(`${stdout}${stderr}`.includes(WRITE), false)
    })
  })
})

test('a foreign Host, and a foreign Origin on any method, is refused, and no answer has CORS headers', async () => {
  await withFaultFolder(async folder => {
    await withDaemon({ folder, config: faultConfig(folder) }, async daemon => {
      const { host, port } = new URL(daemon.address)
      const routes = [
        ...READS.map(path => ['GET', path] as const),
        ...WRITES,
        ['OPTIONS', '/v1/jobs'] as const,
      ]
      for (const [method, path] of routes) {
        for (const foreign of [
          'evil.example',
          `evil.example:${port}`,
          `127.0.0.1.evil.example:${port}`,
          '127.0.0.1:1',
        ]) {
          const { status } = await statusOf(daemon, method, path, { host: foreign })
          assert.is(status, 403, `${method} ${path} of ${foreign}`)
        }
        for (const origin of [
          'http://evil.example',
          'null',
          `http://evil.example:${port}`,
          'http://127.0.0.1:1',
        ]) {
          const { status, names } = await statusOf(daemon, method, path, { host, origin })
          assert.is(status, 403, `${method} ${path} from ${origin}`)
          assert.equal(
            names.filter(name => name.startsWith('access-control-')),
            [],
          )
        }
      }
      assert.is(await everyJob(daemon), 0)
      for (const own of [host, `localhost:${port}`]) {
        const { status, names } = await statusOf(daemon, 'GET', '/v1/jobs', {
          host: own,
          origin: `http://${own}`,
        })
        assert.is(status, 200, own)
        assert.equal(
          names.filter(name => name.startsWith('access-control-') || name === 'set-cookie'),
          [],
        )
      }
      assert.is(
        (await postJson(daemon, '/v1/jobs', { name: 'quick' }, { origin: `http://${host}` })).status,
        202,
      )
    })
  })
})

test.run()
