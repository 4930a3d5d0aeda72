// @time-limit 60s
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type DaemonProcess, withDaemon } from '../../support/daemon/daemon-process.js'
import { RawClient } from '../../support/daemon/raw-client.js'
import { eventually } from '../../support/eventually.js'
import { ask, faultConfig, postJson, problemOf, reaches, submit, withFaultFolder } from './fault-daemon.js'

const test = suite('daemon faults: bodies')

const LIMITS = 'limits: {request: 2s}'
const MIB = 1024 * 1024
const PATHS = ['/v1/jobs', '/api', '/job'] as const

function head(daemon: DaemonProcess, path: string, ...headers: readonly string[]): string {
  const { host } = new URL(daemon.address)
  return [
    `POST ${path} HTTP/1.1`,
    `Host: ${host}`,
    'Content-Type: application/json',
    ...headers,
    '',
    '',
  ].join('\r\n')
}

function portOf(daemon: DaemonProcess): number {
  return Number(new URL(daemon.address).port)
}

async function urgentIsServed(daemon: DaemonProcess): Promise<void> {
  await reaches(daemon, await submit(daemon, 'quick'), 'succeeded')
}

async function withLimits(check: (daemon: DaemonProcess) => Promise<void>): Promise<void> {
  await withFaultFolder(folder => withDaemon({ folder, config: faultConfig(folder, LIMITS) }, check))
}

test('each kind of bad body has its answer, nothing of it runs, and urgent work is done meanwhile', async () => {
  await withLimits(async daemon => {
    const bodies: readonly [status: number, type: string, body: string][] = [
      [400, 'application/json', '{"name":'],
      [400, 'application/json', '['.repeat(1_000_000)],
      [400, 'application/json', '['.repeat(500_000) + ']'.repeat(500_000)],
      [400, 'application/json', `{"name":"quick","input":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`],
      [400, 'application/json', '{"name":"quick","__proto__":{"lane":"urgent"}}'],
      [400, 'application/json', '{"name":"quick","input":{"a":[{"__proto__":1}]}}'],
      [400, 'application/json', '{"name":"quick","constructor":{"prototype":{"a":1}}}'],
      [415, 'text/plain', '{"name":"quick"}'],
      [415, 'application/octet-stream', '{"name":"quick"}'],
      [413, 'application/json', `{"name":"quick","input":"${'x'.repeat(MIB)}"}`],
    ]
    for (const path of PATHS) {
      for (const [status, type, body] of bodies) {
        const [answer] = await Promise.all([
          postJson(daemon, path, body, { 'content-type': type }),
          urgentIsServed(daemon),
        ])
        assert.is(answer.status, status, `${path} ${type} ${body.slice(0, 60)}: ${answer.text}`)
        assert.match(answer.headers.get('content-type') ?? '', /^application\/json/)
      }
    }
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    assert.is(problemOf(await postJson(daemon, '/v1/jobs', 'name=quick', form)), '415 ERR_MEDIA_TYPE')
    assert.is(problemOf(await postJson(daemon, '/api', 'a=b', form)), '415 ERR_MEDIA_TYPE')

    const page = JSON.parse((await ask(daemon, '/v1/jobs?limit=1000')).text)
    assert.is(page.jobs.length, PATHS.length * bodies.length)
  })
})

test('a body that never ends is 408, one that goes on for ever 413, and others are served meanwhile', async () => {
  await withLimits(async daemon => {
    const stuck = PATHS.map(path => {
      const client = new RawClient(portOf(daemon))
      client.send(`${head(daemon, path, 'Content-Length: 100')}{"name":`)
      return client
    })
    const endless = PATHS.map(path => {
      const client = new RawClient(portOf(daemon))
      client.send(head(daemon, path, 'Transfer-Encoding: chunked'))
      return client
    })
    const piece = `10000\r\n${' '.repeat(65_536)}\r\n`
    await eventually('the endless are refused', async () => {
      for (const client of endless) client.send(piece)
      await urgentIsServed(daemon)
      return endless.every(({ status }) => status === 413)
    })
    await eventually('the stuck are refused', async () => {
      await urgentIsServed(daemon)
      return stuck.every(({ status, closed }) => status === 408 && closed)
    })
    for (const client of endless) client.destroy()
    assert.is((await ask(daemon, '/healthz')).status, 200)
  })
})

test.run()
