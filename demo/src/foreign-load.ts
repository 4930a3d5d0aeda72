import { cpus } from 'node:os'

/** Measures how much of the machine other processes had since it was made. */
export class ForeignLoad {
  readonly #total = processorTimes()
  readonly #own = process.cpuUsage()

  /** @returns between 0 and 1: the share of all cores */
  share(): number {
    const total = processorTimes()
    const own = process.cpuUsage(this.#own)
    const ownMs = (own.user + own.system) / 1000
    const busy = total.busy - this.#total.busy
    const all = busy + total.idle - this.#total.idle
    return all <= 0 ? 0 : Math.min(1, Math.max(0, busy - ownMs) / all)
  }
}

function processorTimes(): { busy: number; idle: number } {
  let [busy, idle] = [0, 0]
  for (const { times } of cpus()) {
    busy += times.user + times.nice + times.sys + times.irq
    idle += times.idle
  }
  return { busy, idle }
}
