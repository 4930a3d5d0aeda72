/** Tasks that write to standard output and error. */

const LINES = 10

function write(what: string): void {
  for (let line = 0; line < LINES; line++) console.log(what, line)
}

function hold(): void {
  const until = performance.now() + 1000
  while (performance.now() < until);
}

export function setup(workerData: unknown): void {
  write('setup')
  if (workerData !== 'fails') return
  // So that it is asked for nothing before it is ended.
  queueMicrotask(hold)
  throw new Error('it fails')
}

export function teardown(): void {
  write('teardown')
}

export function say(): void {
  write('task')
  for (let line = 0; line < LINES; line++) console.error('error', line)
}

/** Holds its thread until as many are there. */
export function meet(arrived: Int32Array, all: number): void {
  write('task')
  Atomics.add(arrived, 0, 1)
  Atomics.notify(arrived, 0)
  for (let here = 0; here < all; here = Atomics.load(arrived, 0)) Atomics.wait(arrived, 0, here)
}

export function sayAndExit(): void {
  write('last')
  process.exit(3)
}

/** Goes on writing when it has ended. */
export function tick(): void {
  setInterval(() => console.log('tick'), 1)
}

/** Writes for ever, faster than anybody reads it. */
export function flood(): Promise<never> {
  const more = (): void => {
    for (let line = 0; line < 100; line++) console.log('flood'.repeat(200))
    setImmediate(more)
  }
  more()
  return new Promise(() => {})
}
