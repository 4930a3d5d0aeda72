export function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

function readableOnce(target: object): object {
  let isRead = false
  return Object.defineProperty(target, 'field', {
    enumerable: true,
    get() {
      if (isRead) throw new RangeError('it was read before')
      isRead = true
      return 'once'
    },
  })
}

function throws(): never {
  throw new RangeError('it refuses')
}

/** By what each is: makes values that cannot be looked at, or but once. */
export const UNREADABLE: Readonly<Record<string, () => object>> = {
  'a revoked proxy': revokedProxy,
  'an accessor that throws': () => Object.defineProperty({}, 'field', { enumerable: true, get: throws }),
  'an accessor that can be read once': () => readableOnce({}),
  'an error with such an accessor': () => readableOnce(new Error('an error')),
  'a proxy of an error': () => new Proxy(new Error('an error'), { ownKeys: throws }),
}
