/** Makes so many calls, so many of them at a time: each that completes makes the next. */
export function pump(call: () => PromiseLike<unknown>, calls: number, inFlight: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let started = 0
    let finished = 0
    const start = (): void => {
      started++
      call().then(next, reject)
    }
    const next = (): void => {
      if (++finished === calls) resolve()
      else if (started < calls) start()
    }
    while (started < Math.min(inFlight, calls)) start()
  })
}
