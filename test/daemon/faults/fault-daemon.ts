import { copyFile, mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { type DaemonProcess, daemonFolder } from '../../support/daemon/daemon-process.js'
import { eventually } from '../../support/eventually.js'

const MODULE = fileURLToPath(new URL('./tasks/fault-jobs.js', import.meta.url))

/** A folder for several lives of a daemon, with the jobs of tasks/fault-jobs.ts in it. */
export async function withFaultFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await daemonFolder()
  try {
    await mkdir(join(folder, 'jobs'))
    await copyFile(MODULE, join(folder, 'jobs/fault-jobs.mjs'))
    await run(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Lanes `urgent`, `normal` and, one job at a time, `single`. @param rest more fields of the configuration */
export function faultConfig(folder: string, rest = ''): string {
  const env = `env: {MARKS: ${JSON.stringify(folder)}}`
  const task = (name: string) => `task: ./jobs/fault-jobs.mjs#${name}`
  return `
lanes:
  urgent: {priority: user-blocking, ${env}}
  normal: {priority: user-visible, ${env}}
  single: {priority: user-visible, concurrency: 1, ${env}}
job:
  quick: {${task('quick')}, lane: urgent}
  hold: {${task('hold')}, lane: single}
  neighbour: {${task('neighbour')}, lane: normal, interruptions: 20}
  exitThread: {${task('exitThread')}, lane: normal, interruptions: 1}
  killDaemon: {${task('killDaemon')}, lane: normal, interruptions: 2}
  command: {shell: 'echo $$ > pids.txt; sleep 60 & echo $! >> pids.txt; wait', lane: normal}
  tell: {shell: 'tr "\\0" "\\n" < /proc/$$/cmdline > cmdline.txt; env > env.txt; cat > stdin.txt', lane: normal}
group: {both: [quick, neighbour]}
work: {job: quick}
queue: {job: quick}
${rest}
`
}

/** What the jobs have left of themselves: `<what> <id> <attempt>`. */
export async function marks(folder: string): Promise<readonly string[]> {
  const text = await readFile(join(folder, 'runs.txt'), 'utf8').catch(() => '')
  return text.split('\n').filter(line => line !== '')
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

export async function ask(
  daemon: Pick<DaemonProcess, 'fetch'>,
  path: string,
  init?: RequestInit,
): Promise<Answer> {
  const response = await daemon.fetch(path, init)
  return { status: response.status, headers: response.headers, text: await response.text() }
}

export function postJson(
  daemon: Pick<DaemonProcess, 'fetch'>,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return ask(daemon, path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

/** Submits a job by `POST /v1/jobs`. @returns its id */
export async function submit(
  daemon: DaemonProcess,
  name: string,
  rest: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const answer = await postJson(daemon, '/v1/jobs', { name, ...rest }, headers)
  assert.is(answer.status, 202, answer.text)
  return String(field(answer, 'id'))
}

export function field(answer: Answer, name: string): unknown {
  return Reflect.get(JSON.parse(answer.text), name)
}

export interface ShownJob {
  readonly state: string
  readonly attempt: number
  readonly interruptions: number
  readonly error: { readonly code?: string; readonly message: string } | null
}

export async function shownJob(daemon: DaemonProcess, id: string): Promise<ShownJob> {
  const answer = await ask(daemon, `/v1/jobs/${id}`)
  assert.is(answer.status, 200, answer.text)
  return JSON.parse(answer.text)
}

/** Resolves once the job is in that state. */
export function reaches(daemon: DaemonProcess, id: string, state: string): Promise<void> {
  return eventually(`${id} is ${state}`, async () => (await shownJob(daemon, id)).state === state)
}

/** The code and the text of an error answer, for messages and comparisons. */
export function problemOf({ status, text }: Answer): string {
  const { error } = JSON.parse(text) as { readonly error: { readonly code: string } }
  return `${status} ${error.code}`
}
