import { type Measured, SubjectProcess } from './subject-process.js'
import type { FiguresOf, RequestOf, SetupOf } from './subjects/subject.js'

/** How many rounds, and who is told what became of them. */
export interface Turns {
  readonly rounds: number
  /** So many disturbed measurements are repeated for each one that is wanted; the rest are taken as they are. */
  readonly patience: number
  say(line: string): void
}

/**
 * Measures in turn, A B C A B C …, so that what changes on the machine over time changes for all alike. Measurements
 * during which other programs kept the machine busy are repeated, whatever their figures.
 *
 * @param measures how to measure each contender once
 * @returns the figures of each contender, by round
 */
export async function interleave<K extends string, F>(
  { rounds, patience, say }: Turns,
  measures: Readonly<Record<K, () => Promise<Measured<F>>>>,
): Promise<Record<K, F[]>> {
  const names = Object.keys(measures) as K[]
  const figures = Object.fromEntries(names.map(name => [name, [] as F[]])) as Record<K, F[]>
  const wanted = rounds * names.length
  let repeated = 0
  let kept = 0
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      let measured = await measures[name]()
      while (measured.disturbed && repeated < patience * wanted) {
        repeated++
        measured = await measures[name]()
      }
      if (measured.disturbed) kept++
      figures[name].push(measured.figures)
    }
  }
  if (repeated + kept > 0) {
    say(`other programs kept the machine busy: ${repeated} measurements repeated, ${kept} of ${wanted} kept`)
  }
  return figures
}

/** A contender in a process of its own, and what it is to be asked for in each round. */
export interface Entrant<O> {
  readonly setup: SetupOf<O>
  readonly request: RequestOf<O>
}

/**
 * Opens a process for each contender, has each warm up by rounds that do not count, and then measures them in turn.
 *
 * @param warmUps rounds that do not count
 */
export async function compete<O, K extends string>(
  module: string,
  turns: Turns,
  entrants: Readonly<Record<K, Entrant<O>>>,
  warmUps = 1,
): Promise<Record<K, FiguresOf<O>[]>> {
  const open: SubjectProcess<O>[] = []
  try {
    const measures: Partial<Record<K, () => Promise<Measured<FiguresOf<O>>>>> = {}
    for (const name of Object.keys(entrants) as K[]) {
      const { setup, request } = entrants[name]
      const subject = await SubjectProcess.open<O>(module, setup)
      open.push(subject)
      for (let i = 0; i < warmUps; i++) await subject.round(request)
      measures[name] = () => subject.round(request)
    }
    return await interleave(turns, measures as Record<K, () => Promise<Measured<FiguresOf<O>>>>)
  } finally {
    await Promise.all(open.map(subject => subject.close()))
  }
}

/**
 * As `compete`, but with a new process for each round: for what is decided once in a process's life, such as the
 * cores that the system lets its threads settle on.
 */
export async function competeAfresh<O, K extends string>(
  module: string,
  turns: Turns,
  entrants: Readonly<Record<K, Entrant<O>>>,
  warmUps = 1,
): Promise<Record<K, FiguresOf<O>[]>> {
  const measures: Partial<Record<K, () => Promise<Measured<FiguresOf<O>>>>> = {}
  for (const name of Object.keys(entrants) as K[]) {
    const { setup, request } = entrants[name]
    measures[name] = async () => {
      const subject = await SubjectProcess.open<O>(module, setup)
      try {
        for (let i = 0; i < warmUps; i++) await subject.round(request)
        return await subject.round(request)
      } finally {
        await subject.close()
      }
    }
  }
  return interleave(turns, measures as Record<K, () => Promise<Measured<FiguresOf<O>>>>)
}
