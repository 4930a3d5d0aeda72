import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { DemoState } from './demo-state.js'
import { listSourceFiles } from './files.js'
import { readFlags, USAGE } from './flags.js'
import { Interruption } from './interruption.js'
import { LiveShow } from './live-show.js'
import { LogShow } from './log-show.js'
import { startMultilane } from './multilane-engine.js'
import { makeOrders } from './orders.js'
import { type Phase, runPhase } from './phase.js'
import { PhaseRecord } from './phase-record.js'
import { startOnePool, startTwoPools } from './piscina-engine.js'
import type { Show } from './show.js'
import { paint } from './styled-line.js'
import { summary } from './summary.js'

const NODE_MODULES = fileURLToPath(new URL('../../node_modules/', import.meta.url))
const ORDERS = 64
/** How wide text is where there is no terminal that could tell. */
const DEFAULT_COLUMNS = 100

const flags = readFlags(process.argv.slice(2))
if (flags.kind === 'help') {
  process.stdout.write(USAGE)
} else if (flags.kind === 'refused') {
  process.stderr.write(`${flags.message}\n\n${USAGE}`)
  process.exitCode = 2
} else {
  await demo(flags.seconds)
}

async function demo(seconds: number): Promise<void> {
  const { stdout, env } = process
  const files = listSourceFiles(NODE_MODULES)
  const phases: Phase[] = [
    { record: new PhaseRecord('idle machine'), start: startMultilane, files: [] },
    { record: new PhaseRecord('Multilane'), start: startMultilane, files },
    { record: new PhaseRecord('one piscina pool'), start: startOnePool, files },
    { record: new PhaseRecord('two piscina pools'), start: startTwoPools, files },
  ]
  const state: DemoState = {
    cores: availableParallelism(),
    files: { count: files.length, bytes: files.reduce((sum, file) => sum + file.bytes, 0) },
    seconds,
    phases: phases.map(phase => phase.record),
  }
  const isLive = stdout.isTTY && env.TERM !== 'dumb'
  const coloured = isLive && (env.NO_COLOR ?? '') === ''
  const interruption = new Interruption()
  const show: Show = isLive ? new LiveShow(stdout, coloured) : new LogShow(stdout)
  const settings = {
    seconds,
    cores: state.cores,
    orders: makeOrders(ORDERS),
    signal: interruption.signal,
    onPulse: () => show.update(state),
  }
  try {
    for (const phase of phases) await runPhase(phase, settings)
  } catch (error) {
    if (!interruption.signal.aborted) throw error
    process.exitCode = interruption.exitCode
    return
  } finally {
    show.close()
    interruption.stopListening()
  }
  const columns = isLive ? stdout.columns : DEFAULT_COLUMNS
  for (const line of summary(state, columns)) stdout.write(`${paint(line, columns, coloured)}\n`)
}
