/** What one run of a job has told of itself, independently of the store. */
export interface WitnessLine {
  readonly kind: 'start' | 'beat' | 'end' | 'fail'
  /** The number of the daemon's life in which the run was started, from 1. */
  readonly life: number
  readonly id: string
  readonly attempt: number
  /** Epoch milliseconds. */
  readonly at: number
}

const LINE = /^(start|beat|end|fail) (\d+) ([0-9a-f-]{36}) (\d+) (\d+)$/

/**
 * Reads the file in the order in which it was written, which is that of the events.
 *
 * @throws Error of a line that no job writes
 */
export function readWitness(text: string): readonly WitnessLine[] {
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const match = LINE.exec(line)
      if (match === null) throw new Error(`no job writes such a line: ${JSON.stringify(line)}`)
      const [, kind, life, id, attempt, at] = match
      return {
        kind: kind as WitnessLine['kind'],
        life: Number(life),
        id: id!,
        attempt: Number(attempt),
        at: Number(at),
      }
    })
}
