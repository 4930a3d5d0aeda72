import { readFileSync } from 'node:fs'

/** Linux counts processor time in hundredths of a second. */
const MS_PER_TICK = 10

/**
 * The processor time that everything on the machine has used since it was started, in milliseconds; NaN where the
 * system does not say.
 */
export function machineTime(): number {
  if (process.platform !== 'linux') return Number.NaN
  const [user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'utf8')
    .split('\n', 1)[0]!
    .split(/\s+/)
    .slice(1)
    .map(Number)
  return (user! + nice! + system! + irq! + softirq! + steal!) * MS_PER_TICK
}

/** The processor time that this process has used, all its threads together, in milliseconds. */
export function ownTime(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Above this share of the machine, others show in the figures. */
const SHARE = 0.05
/** What counting by whole ticks may be off by, and what a system does by itself. */
const SLACK_MS = 30

/** Whether somebody else kept the machine busy. @param foreign others' processor time in milliseconds */
export function isDisturbed(foreign: number, elapsed: number, cores: number): boolean {
  return foreign > elapsed * cores * SHARE + SLACK_MS
}
