import type { MessagePort } from 'node:worker_threads'
import * as comlink from 'comlink'
import { ClosedError } from '../core/errors.js'
import { decodeError, type EncodedError, encodeThrown } from './error-codec.js'

/**
 * The control plane: a handful of methods called across threads through comlink, where clarity counts more than the
 * last microsecond.
 *
 * comlink is kept to what it is good at. Errors cross by our own codec, because it drops their class and fields.
 * What it exposes is a frozen object without a prototype, because its paths reach anything. Messages that are not
 * its own are kept from it, because one of them would end the thread. And every call is raced with the port's end,
 * because it would wait for ever.
 */
export type Methods = Readonly<Record<string, (...args: never[]) => unknown>>

/** The same methods, as called from another thread. */
export type Remote<M extends Methods> = {
  readonly [K in keyof M]: (...args: Parameters<M[K]>) => Promise<Awaited<ReturnType<M[K]>>>
}

type Answer = { readonly value: unknown } | { readonly error: EncodedError }

type Listener = (event: { readonly data: unknown }) => void

/** As much of an endpoint as comlink uses; it asks for the one of the DOM, which Node's ports fit in all but name. */
function endpointOf(port: MessagePort, accepts: (data: Message) => boolean): comlink.Endpoint {
  const wrapped = new Map<Listener, Listener>()
  return {
    postMessage: (message: unknown, transfer?: readonly object[]) =>
      port.postMessage(message, transfer as never),
    addEventListener: (_: string, listener: Listener) => {
      const guarded: Listener = event => {
        if (isMessage(event.data) && accepts(event.data)) listener(event)
      }
      wrapped.set(listener, guarded)
      port.addEventListener('message', guarded as never)
    },
    removeEventListener: (_: string, listener: Listener) => {
      port.removeEventListener('message', (wrapped.get(listener) ?? listener) as never)
      wrapped.delete(listener)
    },
    start: () => port.start(),
  } as unknown as comlink.Endpoint
}

type Message = Readonly<Record<string, unknown>>

function isMessage(data: unknown): data is Message {
  return typeof data === 'object' && data !== null && 'id' in data && typeof data.id === 'string'
}

/** A call of a method with plain arguments; all else that comlink can be asked for leads past the methods. */
function isCall({ type, path, argumentList }: Message): boolean {
  return (
    type === 'APPLY' &&
    Array.isArray(path) &&
    path.length === 1 &&
    typeof path[0] === 'string' &&
    Array.isArray(argumentList) &&
    argumentList.every(
      argument => typeof argument === 'object' && argument !== null && argument.type === 'RAW',
    )
  )
}

function isAnswer({ type }: Message): boolean {
  return type === 'RAW' || type === 'HANDLER'
}

/** Offers methods to the other end of a port. */
export function exposeControl(port: MessagePort, methods: Methods): void {
  const exposed: Record<string, (...args: never[]) => Promise<Answer>> = Object.create(null)
  for (const [name, method] of Object.entries(methods)) {
    exposed[name] = async (...args) => {
      try {
        return { value: await method(...args) }
      } catch (error) {
        return { error: encodeThrown(error) }
      }
    }
  }
  comlink.expose(Object.freeze(exposed), endpointOf(port, isCall))
}

/**
 * Calls the methods that the other end of a port offers.
 *
 * @param port holds the thread's event loop while a call is under way, and not otherwise
 * @returns the methods; each rejects with what the method threw, or with `ERR_CLOSED` if the port closes
 */
export function connectControl<M extends Methods>(
  port: MessagePort,
  names: readonly (keyof M & string)[],
): Remote<M> {
  // Kept for as long as the methods are: a collected proxy would take its calls along.
  const proxy = comlink.wrap(endpointOf(port, isAnswer)) as unknown as Record<
    string,
    (...args: unknown[]) => Promise<Answer>
  > & { [comlink.releaseProxy](): void }
  const underWay = new Set<(error: Error) => void>()
  let closed = false
  port.on('close', () => {
    closed = true
    for (const fail of underWay) fail(new ClosedError('the thread that was called has ended'))
    // comlink's registry of proxies holds the port until the proxy is collected, and the port's listeners hold the
    // proxy: neither would ever go.
    proxy[comlink.releaseProxy]()
  })
  port.unref()
  const call = async (name: string, args: unknown[]): Promise<unknown> => {
    if (closed) throw new ClosedError('the thread that was to be called has ended')
    let fail: (error: Error) => void = () => {}
    const end = new Promise<never>((_, reject) => {
      fail = reject
    })
    if (underWay.size === 0) port.ref()
    underWay.add(fail)
    try {
      const answer = await Promise.race([proxy[name]!(...args), end])
      if ('error' in answer) throw decodeError(answer.error)
      return answer.value
    } finally {
      underWay.delete(fail)
      if (underWay.size === 0) port.unref()
    }
  }
  const methods: Record<string, (...args: unknown[]) => Promise<unknown>> = Object.create(null)
  for (const name of names) methods[name] = (...args) => call(name, args)
  return Object.freeze(methods) as unknown as Remote<M>
}
