import { setTimeout as sleep } from 'node:timers/promises'
import { BulkFeeder } from './bulk-feeder.js'
import type { StartEngine } from './engine.js'
import type { SourceFile } from './files.js'
import { ForeignLoad } from './foreign-load.js'
import type { PricedOrder } from './orders.js'
import type { PhaseRecord } from './phase-record.js'
import { UrgentPulse } from './urgent-pulse.js'

/** What one phase does. */
export interface Phase {
  readonly record: PhaseRecord
  readonly start: StartEngine
  /** What the bulk work works on; empty for none. */
  readonly files: readonly SourceFile[]
}

/** What all phases have in common. */
export interface PhaseSettings {
  readonly seconds: number
  readonly cores: number
  readonly orders: readonly PricedOrder[]
  /** Ends the phase early, with the signal's reason. */
  readonly signal: AbortSignal
  /** Called often, between urgent tasks. */
  readonly onPulse: () => void
}

/** Until the libraries are compiled they do a tenth of what they do later, and that is not the subject here. */
const WARM_UP_MS = 2_000
/** Enough for each bulk thread to have its next job at hand. */
const IN_FLIGHT_PER_CORE = 4
const PATIENCE_MS = 1_000
const PATIENCE_WHEN_ABORTED_MS = 200

export async function runPhase(phase: Phase, settings: PhaseSettings): Promise<void> {
  const { record, files } = phase
  const { cores, orders, signal, onPulse } = settings
  signal.throwIfAborted()
  record.enter('starting', performance.now())
  const engine = await phase.start(cores, error => record.fail('engine', error))
  const feeder = new BulkFeeder(engine, files, record)
  const pulse = new UrgentPulse(engine, orders, record, onPulse)
  const bulk = files.length === 0 ? Promise.resolve() : feeder.run(IN_FLIGHT_PER_CORE * cores)
  try {
    pulse.start()
    await Promise.race([measure(record, pulse, settings), rejectionOf(bulk), abortOf(signal)])
  } finally {
    record.enter('ending', performance.now())
    feeder.stop()
    pulse.stop()
    await engine.close(signal.aborted ? PATIENCE_WHEN_ABORTED_MS : PATIENCE_MS)
    record.enter('done', performance.now())
  }
}

async function measure(record: PhaseRecord, pulse: UrgentPulse, settings: PhaseSettings): Promise<void> {
  const { seconds, signal } = settings
  record.enter('warming up', performance.now())
  await sleep(WARM_UP_MS, undefined, { signal })
  record.enter('measuring', performance.now())
  const foreign = new ForeignLoad()
  await sleep(seconds * 1000, undefined, { signal })
  record.enter('ending', performance.now())
  record.foreignLoad = foreign.share()
  pulse.stop()
  // The bulk work goes on meanwhile: the last urgent tasks are to have it no easier than the first.
  await pulse.answered()
}

function rejectionOf(work: Promise<unknown>): Promise<never> {
  return new Promise((_, reject) => work.catch(reject))
}

function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
