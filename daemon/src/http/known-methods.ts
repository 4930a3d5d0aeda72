import { METHODS } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { HttpProblem } from './http-problem.js'

interface KnownPath {
  readonly url: string
  readonly methods: Set<string>
}

/** Which methods each path of a server has. */
export class KnownMethods {
  readonly #paths = new Map<string, KnownPath>()

  /** Notes all routes that are added from now on, and lets them be of any method there is. */
  watch(app: FastifyInstance): void {
    const known = new Set<string>(app.supportedMethods)
    for (const method of METHODS) {
      // Node hands CONNECT to nobody who does not ask for it, and closes the connection.
      if (method !== 'CONNECT' && !known.has(method)) app.addHttpMethod(method)
    }
    app.addHook('onRoute', ({ url, method }) => {
      // Two routes that only name a parameter differently are of one path.
      const key = url.replaceAll(/:\w+/g, ':')
      const path = this.#paths.get(key) ?? { url, methods: new Set() }
      this.#paths.set(key, path)
      for (const each of [method].flat()) path.methods.add(each)
    })
  }

  /** Has every path answer 405, with the methods it does have, to those it has not. Call it after the last route. */
  refuseOthers(app: FastifyInstance): void {
    for (const { url, methods } of [...this.#paths.values()]) {
      const allow = [...methods].sort().join(', ')
      app.route({
        url,
        method: app.supportedMethods.filter(method => !methods.has(method)),
        exposeHeadRoute: false,
        config: { access: 'read' },
        schema: { hide: true },
        // Before the body is read.
        onRequest: (_request, _reply, done) => {
          done(new HttpProblem(405, 'ERR_METHOD', `The methods of this path are ${allow}.`, { allow }))
        },
        handler: () => undefined,
      })
    }
  }
}
