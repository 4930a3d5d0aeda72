// @time-limit 60s
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { HAS_PROCESS_TABLE } from '#daemon/work/process-table.js'
import { withDaemon } from '../../support/daemon/daemon-process.js'
import { skipUnless } from '../../support/skip.js'
import { ask, faultConfig, reaches, submit, withFaultFolder } from './fault-daemon.js'

const test = suite('daemon faults: what a command gets of a request')

const withProcesses = skipUnless(HAS_PROCESS_TABLE, 'needs /proc')
const TEXT = 'mark-of-a-request'
const SPITEFUL = `${TEXT}"; touch pwned; $(touch pwned) \`touch pwned\` '\n touch pwned & #`

withProcesses(test)('no text of a request is in its command line or its environment', async () => {
  await withFaultFolder(async folder => {
    const env = {
      MULTILANED_READ_TOKEN: 'a-secret-to-read-with',
      MULTILANED_WRITE_TOKEN: 'a-secret-to-write-with',
    }
    const authorization = `Bearer ${env.MULTILANED_WRITE_TOKEN}`
    await withDaemon({ folder, config: faultConfig(folder), env }, async plain => {
      const daemon = {
        ...plain,
        fetch: (path: string, init: RequestInit = {}) =>
          plain.fetch(path, {
            ...init,
            headers: { ...Object.fromEntries(new Headers(init.headers)), authorization },
          }),
      }
      const input = { [SPITEFUL]: SPITEFUL }
      const headers = {
        'idempotency-key': `${TEXT};$(touch\${IFS}pwned)`,
        'x-marked': TEXT,
        'user-agent': TEXT,
      }
      const id = await submit(daemon, 'tell', { input }, headers)
      await reaches(daemon, id, 'succeeded')
      const told = (file: string) => readFile(join(folder, file), 'utf8')
      assert.is((await told('cmdline.txt')).includes(TEXT), false)
      const environment = await told('env.txt')
      assert.is(environment.includes(TEXT), false)
      assert.is(/a-secret/.test(environment), false, environment)
      assert.ok(environment.includes(`MULTILANED_JOB_ID=${id}`))
      assert.equal(JSON.parse(await told('stdin.txt')), input)
      assert.is((await readdir(folder)).includes('pwned'), false)

      const form = new URLSearchParams({ job_name: 'tell', time: '0s', command: SPITEFUL, env: SPITEFUL })
      const answer = await ask(daemon, '/job', { method: 'POST', body: form })
      assert.is(answer.status, 200, answer.text)
      await reaches(daemon, /with id (\S+) /.exec(answer.text)![1]!, 'succeeded')
      for (const file of ['cmdline.txt', 'env.txt', 'stdin.txt'])
        assert.is((await told(file)).includes(TEXT), false)
    })
  })
})

test.run()
