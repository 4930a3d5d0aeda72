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
function endpointOf(port: MessagePort): comlink.Endpoint {
  const wrapped = new Map<Listener, Listener>()
  return {
    postMessage: (message: unknown, transfer?: readonly object[]) =>
      port.postMessage(message, transfer as never),
    addEventListener: (_: string, listener: Listener) => {
      const guarded: Listener = event => {
        if (isComlinkMessage(event.data)) listener(event)
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

function isComlinkMessage(data: unknown): boolean {
  if (typeof data !== 'object' || data === null || !('id' in data) || typeof data.id !== 'string')
    return false
  if (!('path' in data) || data.path === undefined) return true
  return Array.isArray(data.path) && data.path.every(step => typeof step === 'string')
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
  comlink.expose(Object.freeze(exposed), endpointOf(port))
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
  const proxy = comlink.wrap(endpointOf(port)) as unknown as Record<
    string,
    (...args: unknown[]) => Promise<Answer>
  >
  let underWay = 0
  let markClosed: () => void = () => {}
  const closed = new Promise<'closed'>(resolve => {
    markClosed = () => resolve('closed')
  })
  port.on('close', () => markClosed())
  port.unref()
  const call = async (name: string, args: unknown[]): Promise<unknown> => {
    if (underWay++ === 0) port.ref()
    try {
      const answer = await Promise.race([proxy[name]!(...args), closed])
      if (answer === 'closed') throw new ClosedError('the thread that was called has ended')
      if ('error' in answer) throw decodeError(answer.error)
      return answer.value
    } finally {
      if (--underWay === 0) port.unref()
    }
  }
  const methods: Record<string, (...args: unknown[]) => Promise<unknown>> = Object.create(null)
  for (const name of names) methods[name] = (...args) => call(name, args)
  return Object.freeze(methods) as unknown as Remote<M>
}
