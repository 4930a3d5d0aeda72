// @time-limit 90s
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startDaemon, withDaemon } from '../../support/daemon/daemon-process.js'
import { rejectionOf } from '../../support/rejection.js'
import { ask, faultConfig, postJson, problemOf, reaches, submit, withFaultFolder } from './fault-daemon.js'

const test = suite('daemon faults: two daemons, and the same request twice')

const HEADERS = { 'idempotency-key': 'the-key-of-this-request' }

test('a second daemon on a store refuses to start and names the first, which lives on', async () => {
  await withFaultFolder(async folder => {
    const config = faultConfig(folder)
    await withDaemon({ folder, config }, async first => {
      const { message } = await rejectionOf(startDaemon({ folder, config }), Error)
      assert.match(message, /ended by 1 before it listened/)
      assert.ok(message.includes(`process ${first.pid} `), message)
      assert.ok(message.includes(first.address), message)
      await reaches(first, await submit(first, 'quick'), 'succeeded')
      await first.end('SIGKILL')
    })
    await withDaemon({ folder, config }, async next => {
      await reaches(next, await submit(next, 'quick'), 'succeeded')
    })
  })
})

test('the same key is the same job, at once, later and after kill -9; for another request it is refused', async () => {
  await withFaultFolder(async folder => {
    const config = faultConfig(folder)
    const input = { a: 1, b: [2] }
    let id = ''
    let group = ''
    await withDaemon({ folder, config }, async daemon => {
      const ids = await Promise.all(
        Array.from({ length: 20 }, () => submit(daemon, 'quick', { input }, HEADERS)),
      )
      id = ids[0]!
      assert.equal([...new Set(ids)], [id])
      assert.is(await submit(daemon, 'quick', { input: { b: [2], a: 1 } }, HEADERS), id)
      await reaches(daemon, id, 'succeeded')
      assert.is(await submit(daemon, 'quick', { input }, HEADERS), id)
      group = (await postJson(daemon, '/group/both', '', { 'idempotency-key': 'group' })).text
      await daemon.end('SIGKILL')
    })
    await withDaemon({ folder, config }, async daemon => {
      assert.is(await submit(daemon, 'quick', { input }, HEADERS), id)
      assert.is((await postJson(daemon, '/group/both', '', { 'idempotency-key': 'group' })).text, group)
      const other = await postJson(daemon, '/v1/jobs', { name: 'quick', input: 'another' }, HEADERS)
      assert.is(problemOf(other), '409 ERR_KEY_REUSED')
      assert.is(
        problemOf(await postJson(daemon, '/api', [{ item: 'a', valor: 1 }], HEADERS)),
        '409 ERR_KEY_REUSED',
      )
      const page = JSON.parse((await ask(daemon, '/v1/jobs?name=quick')).text)
      assert.is(page.jobs.length, 2)
    })
  })
})

test.run()
