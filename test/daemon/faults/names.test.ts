// @time-limit 60s
import { readdir } from 'node:fs/promises'
import { request } from 'node:http'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type DaemonProcess, withDaemon } from '../../support/daemon/daemon-process.js'
import { type Answer, ask, faultConfig, postJson, reaches, submit, withFaultFolder } from './fault-daemon.js'

const test = suite('daemon faults: ids and names')

const ODD: readonly string[] = [
  '../../../../etc/passwd',
  '..%2f..%2fetc%2fpasswd',
  '/etc/passwd',
  'C:\\windows\\system32',
  'a\0b',
  'a'.repeat(10_240),
  'ünï¢ödé-😀-\u202e',
  "' OR 1=1; DROP TABLE jobs; --",
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  '__proto__',
  'constructor',
  'toString',
  '{{7*7}}<%= 7*7 %>',
  '$(touch pwned)',
  ' ',
  '\r\nX-Injected: 1',
  '00000000-0000-0000-0000-000000000000',
]

async function withFaults(check: (daemon: DaemonProcess, folder: string) => Promise<void>): Promise<void> {
  await withFaultFolder(folder =>
    withDaemon({ folder, config: faultConfig(folder) }, daemon => check(daemon, folder)),
  )
}

function isRefused(answer: Answer, what: string): void {
  assert.ok([400, 404].includes(answer.status), `${what}: ${answer.status} ${answer.text.slice(0, 200)}`)
  assert.match(answer.headers.get('content-type') ?? '', /^(application\/json|text\/plain)\b/, what)
  assert.is(answer.headers.get('x-content-type-options'), 'nosniff', what)
  assert.is(answer.headers.get('x-injected'), null, what)
  assert.is(/SQLITE|syntax error|no such table/i.test(answer.text), false, what)
}

/** Without the tidying that a URL would do. */
function askRaw(daemon: DaemonProcess, path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(daemon.address)
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path }, response => {
      response.resume()
      resolve(response.statusCode)
    })
    asked.on('error', reject)
    asked.end()
  })
}

test('an id that is none is refused as text, wherever an id is taken', async () => {
  await withFaults(async daemon => {
    for (const odd of ODD) {
      const id = encodeURIComponent(odd)
      for (const path of [
        `/v1/jobs/${id}`,
        `/v1/jobs/${id}/log`,
        `/v1/jobs/${id}/result`,
        `/v1/jobs/${id}/estimate`,
      ]) {
        isRefused(await ask(daemon, path), path)
      }
      for (const path of [`/status/${id}`, `/check/${id}`, `/job/${id}`, `/api?id=${id}`]) {
        isRefused(await ask(daemon, path), path)
      }
      isRefused(await ask(daemon, `/job/${id}`, { method: 'DELETE' }), `DELETE /job/${id}`)
      for (const what of ['cancel', 'retry']) {
        isRefused(await ask(daemon, `/v1/jobs/${id}/${what}`, { method: 'POST' }), `${what} ${id}`)
      }
    }
    for (const path of [
      '/../../etc/passwd',
      '/status/../../etc/passwd',
      '/v1/jobs/..',
      '/%',
      '/status/%ff',
    ]) {
      const status = (await askRaw(daemon, path)) ?? 0
      assert.ok([400, 404].includes(status), `${path}: ${status}`)
    }
  })
})

test('only what the configuration names can be run, and nowhere else', async () => {
  await withFaults(async (daemon, folder) => {
    const before = (await readdir(folder)).sort()
    const modules = [
      './jobs/fault-jobs.mjs#quick',
      'fault-jobs',
      'runJob',
      'echo hello',
      'file:///etc/passwd',
    ]
    for (const odd of [...ODD, ...modules]) {
      isRefused(await postJson(daemon, '/v1/jobs', { name: odd }), `name ${odd}`)
      isRefused(await postJson(daemon, '/v1/jobs', { name: 'quick', lane: odd }), `lane ${odd}`)
      const form = new URLSearchParams({ job_name: odd, time: '0s' })
      isRefused(await ask(daemon, '/job', { method: 'POST', body: form }), `job_name ${odd}`)
      isRefused(await ask(daemon, `/group/${encodeURIComponent(odd)}`, { method: 'POST' }), `group ${odd}`)
      const date = new URLSearchParams({ job_name: 'quick', date: odd })
      isRefused(await ask(daemon, '/job', { method: 'POST', body: date }), `date ${odd}`)
    }
    for (const lane of ['store-write', 'store-read', 'main', 'bulk']) {
      isRefused(await postJson(daemon, '/v1/jobs', { name: 'quick', lane }), `lane ${lane}`)
    }
    for (const extra of [
      { task: './x.mjs#y' },
      { shell: 'touch pwned' },
      { env: { A: '1' } },
      { cwd: '/' },
    ]) {
      isRefused(await postJson(daemon, '/v1/jobs', { name: 'quick', ...extra }), JSON.stringify(extra))
    }
    const page = JSON.parse((await ask(daemon, '/v1/jobs')).text)
    assert.equal(page.jobs, [])
    assert.equal((await readdir(folder)).sort(), before)
    await reaches(daemon, await submit(daemon, 'quick', { lane: 'normal' }), 'succeeded')
  })
})

test.run()
