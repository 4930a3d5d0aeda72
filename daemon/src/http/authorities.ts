/** The `host[:port]` of a Host header or an Origin, and which of them are this server's. */

export interface Authority {
  /** Lower case; an IPv6 address in its brackets. */
  readonly name: string
  /** Undefined where it is left to the scheme. */
  readonly port: number | undefined
}

const AUTHORITY = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9][a-z0-9._-]{0,252})(?::(\d{1,5}))?$/
const ORIGIN = /^(https?):\/\/(.+)$/
const LOOPBACK: readonly string[] = ['localhost', '127.0.0.1', '[::1]']
const EVERY_ADDRESS: readonly string[] = ['0.0.0.0', '[::]']

/** Where a server can be reached, as far as it is known. */
export interface OwnAddress {
  /** The host it was told to listen on. */
  readonly host: string
  /** The port it listens on; undefined while it does not, when requests come from its own process alone. */
  readonly port: number | undefined
  /** The address that the request at hand was sent to. */
  readonly reached: string | undefined
}

/** @returns undefined if it is not spelt as one */
export function parseAuthority(text: string): Authority | undefined {
  const match = AUTHORITY.exec(text.toLowerCase())
  if (match === null) return undefined
  return { name: match[1]!, port: match[2] === undefined ? undefined : Number(match[2]) }
}

/** Whether a Host header is one under which this server may be asked. @param hosts further names, of the configuration */
export function isOwnHost(host: Authority, own: OwnAddress, hosts: readonly string[]): boolean {
  if (isAtOwnAddress(host, 80, own)) return true
  return configured(host, 80, hosts) !== undefined
}

/**
 * Whether a page of this origin is served from here: by http or https, from a host that may be asked, and not from
 * another port of it.
 *
 * @param host the Host header of the same request, an allowed one
 */
export function isOwnOrigin(
  origin: string,
  host: Authority,
  own: OwnAddress,
  hosts: readonly string[],
): boolean {
  const match = ORIGIN.exec(origin)
  const authority = match === null ? undefined : parseAuthority(match[2]!)
  if (authority === undefined) return false
  const usual = match![1] === 'https' ? 443 : 80
  if (isAtOwnAddress(authority, usual, own)) return true
  const entry = configured(authority, usual, hosts)
  if (entry === undefined) return false
  const { port } = authority
  return port === undefined || port === entry.port || port === host.port || port === own.port
}

function isAtOwnAddress({ name, port }: Authority, usual: number, own: OwnAddress): boolean {
  if (own.port !== undefined && (port ?? usual) !== own.port) return false
  if (LOOPBACK.includes(name)) return true
  const listening = bracketed(own.host)
  if (name === listening && !EVERY_ADDRESS.includes(listening)) return true
  return own.reached !== undefined && name === bracketed(own.reached)
}

function configured(
  { name, port }: Authority,
  usual: number,
  hosts: readonly string[],
): Authority | undefined {
  return hosts
    .map(parseAuthority)
    .find(entry => entry?.name === name && (entry.port === undefined || entry.port === (port ?? usual)))
}

function bracketed(address: string): string {
  const plain = address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '')
  return plain.includes(':') && !plain.startsWith('[') ? `[${plain}]` : plain
}
