import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DaemonProcess } from './daemon-process.js'
import { monotonicNow } from './monotonic-now.js'

/** Milliseconds of one urgent job. */
export interface UrgentSample {
  /** As the daemon's record has it: from being accepted to its start. */
  readonly recorded: number
  /** As the client and the job see it: from sending the request to the job's first instant. */
  readonly witnessed: number
  /** From sending the request to the end of its answer. */
  readonly acknowledged: number
}

/** Milliseconds between urgent jobs: uneven, so that they fall in step with nothing. */
const GAPS = [2, 3, 2, 4, 3]

/** Posts urgent jobs over one connection that is kept open, each a little while after the one before was accepted. */
export async function sampleUrgent(
  daemon: DaemonProcess,
  name: string,
  count: number,
): Promise<UrgentSample[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const body = JSON.stringify({ name })
  const sent: { readonly id: string; readonly at: number; readonly acknowledged: number }[] = []
  try {
    for (let i = 0; i < count; i++) {
      await sleep(GAPS[i % GAPS.length])
      const at = monotonicNow()
      const answer = await post(`${daemon.address}/v1/jobs`, body, agent)
      sent.push({ id: idOf(answer), at, acknowledged: monotonicNow() - at })
    }
  } finally {
    agent.destroy()
  }
  const outcomes = await daemon.outcomes(sent.map(({ id }) => id))
  return outcomes.map(({ acceptedAt, startedAt, result }, index) => ({
    recorded: startedAt - acceptedAt,
    witnessed: Number(result) - sent[index]!.at,
    acknowledged: sent[index]!.acknowledged,
  }))
}

function idOf(answer: string): string {
  return (JSON.parse(answer) as { readonly id: string }).id
}

function post(url: string, body: string, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const sending = request(url, { method: 'POST', agent, headers }, answer => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', chunk => {
        text += chunk
      })
      answer.on('end', () => {
        if (answer.statusCode === 202) resolve(text)
        else reject(new Error(`POST ${url} was answered ${answer.statusCode}: ${text}`))
      })
      answer.on('error', reject)
    })
    sending.on('error', reject)
    sending.end(body)
  })
}
