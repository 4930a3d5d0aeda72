import { availableParallelism, cpus, loadavg, release, type as systemType, totalmem } from 'node:os'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGb: number
  readonly node: string
  readonly kernel: string
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    kernel: `${systemType()} ${release()}`,
  }
}

/** How many threads wanted to run in the last minute, on average; 0 where the system does not say. */
export function load(): number {
  return loadavg()[0] ?? 0
}

/** Above this share of the cores, somebody else's work shows in the figures. */
const BUSY_SHARE = 0.25

export function isBusy(machine: Machine): boolean {
  return load() > machine.cores * BUSY_SHARE
}
