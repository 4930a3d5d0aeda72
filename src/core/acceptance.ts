/** What a task that waits for room is told about it. */
export interface Acceptance {
  readonly promise: Promise<void>
  resolve(): void
  reject(error: unknown): void
}

export function makeAcceptance(): Acceptance {
  let resolve: () => void = () => {}
  let reject: (error: unknown) => void = () => {}
  const promise = new Promise<void>((fulfil, fail) => {
    resolve = fulfil
    reject = fail
  })
  // Whoever does not ask is not to be told by a rejection that nobody handles.
  promise.catch(() => {})
  return { promise, resolve, reject }
}
