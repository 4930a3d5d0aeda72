import type { ConfigOverrides } from './config-overrides.js'
import type { ConfigReport } from './config-report.js'
import type { DaemonConfig } from './daemon-config.js'
import type { Field } from './field.js'
import { isHost, isLoopback } from './loopback.js'

export type Environment = Readonly<Record<string, string | undefined>>

const SHORTEST_TOKEN = 16
const LONGEST_TOKEN = 256
/** What an Authorization header can carry without quoting. */
const TOKEN_FORM = /^[\x21-\x7e]+$/
const HOST_SAMPLE = '127.0.0.1, ::1 or jobs.example.org'

export function readListen(
  field: Field,
  overrides: ConfigOverrides,
  report: ConfigReport,
): DaemonConfig['listen'] {
  const at = field.mapping('listen')
  const host = at('host').text('127.0.0.1', HOST_SAMPLE)
  if (!isHost(host)) at('host').problem(`${JSON.stringify(host)} is not a host; write ${HOST_SAMPLE}`)
  const port = at('port').integer(8080, 0, 65_535)

  if (overrides.host !== undefined && !isHost(overrides.host)) {
    report.problemOutside('--host', `${JSON.stringify(overrides.host)} is not a host; write ${HOST_SAMPLE}`)
  }
  if (overrides.port !== undefined && !isPort(overrides.port)) {
    report.problemOutside('--port', `${overrides.port} is not a port; write a number from 0 to 65535`)
  }
  return { host: overrides.host ?? host, port: overrides.port ?? port }
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port <= 65_535
}

/** The environment goes before the file: a secret is better kept out of it. */
export function readTokens(field: Field, env: Environment, report: ConfigReport): DaemonConfig['tokens'] {
  const at = field.mapping('tokens')
  const token = (name: 'read' | 'write', variable: string) => {
    const written = readToken(at(name))
    const given = env[variable]
    const fault = given === undefined ? undefined : tokenFault(given)
    if (fault !== undefined) report.problemOutside(variable, fault)
    return given ?? written
  }
  const read = token('read', 'MULTILANED_READ_TOKEN')
  const write = token('write', 'MULTILANED_WRITE_TOKEN')
  if (read !== null && read === write) {
    field.warning('both tokens are the same: whoever may read may also write')
  }
  return { read, write }
}

/** No message quotes a token: messages end up in logs. */
function readToken(field: Field): string | null {
  const { value } = field
  if (value === undefined) return null
  const fault = typeof value === 'string' ? tokenFault(value) : 'is not text; put it in quotes'
  if (fault === undefined) return value as string
  field.problem(fault)
  return null
}

function tokenFault(token: string): string | undefined {
  if (token.length >= SHORTEST_TOKEN && token.length <= LONGEST_TOKEN && TOKEN_FORM.test(token))
    return undefined
  const what =
    token === '' ? 'is empty' : `has ${token.length} characters, or some that a header cannot carry`
  return `${what}; write ${SHORTEST_TOKEN} to ${LONGEST_TOKEN} visible ASCII characters, such as openssl rand -hex 32 prints`
}

/** Whoever can reach the address can run the jobs, so an address that others can reach needs both tokens. */
export function checkAccess(
  listen: DaemonConfig['listen'],
  tokens: DaemonConfig['tokens'],
  field: Field,
  fromFlag: boolean,
  report: ConfigReport,
): void {
  // Of what is no host at all that has been said.
  if (!isHost(listen.host) || isLoopback(listen.host) || (tokens.read !== null && tokens.write !== null))
    return
  const missing = (['read', 'write'] as const).filter(name => tokens[name] === null)
  const message =
    `${JSON.stringify(listen.host)} can be reached from other machines, so tokens.${missing.join(' and tokens.')} ` +
    `must be set (or ${missing.map(name => `MULTILANED_${name.toUpperCase()}_TOKEN`).join(' and ')} in the environment); ` +
    'else write 127.0.0.1'
  if (fromFlag) report.problemOutside('--host', message)
  else field.problem(message, ['host'])
}

export function readHosts(field: Field): readonly string[] {
  return field.items('[jobs.example.org]').flatMap(item => {
    const host = item.text(null, 'jobs.example.org')
    if (host === null) return []
    if (isHost(host)) return [host.toLowerCase()]
    item.problem(
      `${JSON.stringify(host)} is not a host name; write jobs.example.org, without a scheme or a port`,
    )
    return []
  })
}
