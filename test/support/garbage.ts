import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Collects all that nothing holds. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
}

/** Bytes of heap that something holds. */
export function heapInUse(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}
