import autocannon from 'autocannon'
import { quantile } from './statistics.js'

/** Requests over so many connections, on each the next one when the one before is answered. */
export interface HttpLoad {
  readonly url: string
  readonly connections: number
  readonly seconds: number
  /** Sent by POST as JSON; none is a GET. */
  readonly body?: unknown
}

export interface HttpFigures {
  readonly perSecond: number
  /** Milliseconds from sending a request to the end of its answer. */
  readonly p50: number
  readonly p99: number
}

/**
 * Measures with autocannon, in this process.
 *
 * @throws Error if any answer was none of success
 */
export async function hammer({ url, connections, seconds, body }: HttpLoad): Promise<HttpFigures> {
  const posted =
    body === undefined
      ? {}
      : {
          method: 'POST' as const,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }
  const instance = autocannon({ url, connections, duration: seconds, ...posted })
  // Its own histogram knows whole milliseconds only.
  const latencies: number[] = []
  instance.on('response', (_client: unknown, _status: number, _bytes: number, milliseconds: number) => {
    latencies.push(milliseconds)
  })
  const result = await instance
  const failed = result.non2xx + result.errors + result.timeouts
  if (failed > 0) throw new Error(`${failed} of the requests to ${url} failed`)
  return {
    perSecond: result['2xx'] / result.duration,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
  }
}
