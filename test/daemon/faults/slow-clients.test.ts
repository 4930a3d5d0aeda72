// @time-limit 60s
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { withDaemon } from '../../support/daemon/daemon-process.js'
import { RawClient } from '../../support/daemon/raw-client.js'
import { eventually } from '../../support/eventually.js'
import { ask, faultConfig, postJson, reaches, submit, withFaultFolder } from './fault-daemon.js'

const test = suite('daemon faults: slow clients')

const SWARM = fileURLToPath(new URL('./slow-client-swarm.js', import.meta.url))
const SLOW = 1000
const LISTED = 1000

test('a thousand slow clients keep nobody out, and are dropped in the end', async () => {
  await withFaultFolder(async folder => {
    const config = faultConfig(folder, 'limits: {request: 4s}')
    await withDaemon({ folder, config }, async daemon => {
      const { port } = new URL(daemon.address)
      const swarm = spawn(process.execPath, [SWARM, port, `${SLOW}`], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const gone = new Promise(resolve => swarm.once('exit', resolve))
      let told = ''
      swarm.stdout.setEncoding('utf8').on('data', text => {
        told += text
      })
      try {
        await eventually('all are connected', () => told.includes(`open ${SLOW}\n`))
        let served = 0
        await eventually('all are dropped', async () => {
          await reaches(daemon, await submit(daemon, 'quick'), 'succeeded')
          served++
          return told.includes('left 0\n')
        })
        assert.ok(served > 1)
        assert.is((await ask(daemon, '/healthz')).status, 200)
      } finally {
        swarm.kill('SIGKILL')
        await gone
      }
    })
  })
})

test('when there are more of them than connections, the longest waiting make room', async () => {
  await withFaultFolder(async folder => {
    const config = faultConfig(folder, 'limits: {request: 60s, connections: 50}')
    await withDaemon({ folder, config }, async daemon => {
      const { port } = new URL(daemon.address)
      const swarm = spawn(process.execPath, [SWARM, port, '200'], { stdio: ['ignore', 'pipe', 'inherit'] })
      const gone = new Promise(resolve => swarm.once('exit', resolve))
      let told = ''
      swarm.stdout.setEncoding('utf8').on('data', text => {
        told += text
      })
      try {
        await eventually('most are dropped', () => /^left (50|49)$/m.test(told))
        for (let each = 0; each < 20; each++) {
          const answer = await ask(daemon, '/healthz', { headers: { connection: 'close' } })
          assert.is(answer.status, 200)
        }
      } finally {
        swarm.kill('SIGKILL')
        await gone
      }
    })
  })
})

test('a client that asks for a thousand lists at once and reads none keeps nobody waiting', async () => {
  await withFaultFolder(async folder => {
    const config = faultConfig(folder, 'limits: {request: 2s}\nlog: {level: debug}')
    await withDaemon({ folder, config }, async daemon => {
      const { host, port } = new URL(daemon.address)
      const items = Array.from({ length: LISTED }, (_, index) => ({ item: `i${index}`, valor: 0 }))
      assert.is((await postJson(daemon, '/api', items)).status, 200)
      const deaf = new RawClient(Number(port))
      deaf.pause()
      deaf.send(`GET /v1/jobs?limit=${LISTED} HTTP/1.1\r\nHost: ${host}\r\n\r\n`.repeat(SLOW))
      let served = 0
      await eventually('it is dropped, and others get their lists', async () => {
        assert.is((await ask(daemon, '/v1/jobs?limit=1')).status, 200)
        served += 1
        // Writing on a connection that is gone is how a client that does not read learns of it.
        deaf.send('\r\n')
        return deaf.closed
      })
      const lists = daemon.output().stderr.match(/"path":"\/v1\/jobs"/g)?.length ?? 0
      assert.ok(lists >= served)
      assert.ok(lists - served < SLOW / 2, `${lists - served} lists for nobody`)
    })
  })
})

test.run()
