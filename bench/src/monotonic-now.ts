/** Milliseconds of the machine's monotonic clock, the same for all of its processes and threads. */
export function monotonicNow(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
