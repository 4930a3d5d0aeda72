/** `npm run bench`: measures multilane beside its peers, and says which bars are met. */
import { writeFileSync } from 'node:fs'
import { type Command, readCommand, USAGE } from './command-line.js'
import { describeMachine, isBusy, load, type Machine } from './machine.js'
import { cancel } from './suites/cancel.js'
import { daemonAccepts } from './suites/daemon-accepts.js'
import { daemonEstimates } from './suites/daemon-estimates.js'
import { daemonStatus } from './suites/daemon-status.js'
import { daemonUrgent } from './suites/daemon-urgent.js'
import { faults } from './suites/faults.js'
import { inheritance } from './suites/inheritance.js'
import { laneToLane } from './suites/lane-to-lane.js'
import { map } from './suites/map.js'
import { million } from './suites/million.js'
import { oneLoop } from './suites/one-loop.js'
import { readFile } from './suites/read-file.js'
import { roundTrip } from './suites/round-trip.js'
import { startUp } from './suites/start-up.js'
import type { Suite, SuiteResult } from './suites/suite.js'
import { syncWait } from './suites/sync-wait.js'
import { takeOver } from './suites/take-over.js'
import { throughput } from './suites/throughput.js'
import { transfer } from './suites/transfer.js'
import { urgentUnderBulk } from './suites/urgent-under-bulk.js'
import { formatMarkdown, formatText, type Row, verdictOf } from './table.js'

const SUITES: Readonly<Record<string, Suite>> = {
  throughput,
  'round-trip': roundTrip,
  'lane-to-lane': laneToLane,
  'urgent-under-bulk': urgentUnderBulk,
  'start-up': startUp,
  cancel,
  'take-over': takeOver,
  faults,
  inheritance,
  transfer,
  readfile: readFile,
  million,
  map,
  'one-loop': oneLoop,
  'sync-wait': syncWait,
  'daemon-accepts': daemonAccepts,
  'daemon-urgent': daemonUrgent,
  'daemon-status': daemonStatus,
  'daemon-estimates': daemonEstimates,
}

async function main(command: Command, commandLine: string): Promise<void> {
  const machine = describeMachine()
  console.log(machineLine(machine))
  if (isBusy(machine))
    console.log(`The machine is busy (load ${load().toFixed(2)}): expect the figures to be off.`)
  const names = command.suites.length === 0 ? Object.keys(SUITES) : command.suites
  const results: Record<string, SuiteResult> = {}
  const rows: Row[] = []
  for (const name of names) {
    const start = performance.now()
    console.log(`\n${name}`)
    const result = await SUITES[name]!({
      rounds: command.rounds,
      quick: command.quick,
      say: line => console.log(`  ${line}`),
    })
    results[name] = result
    rows.push(...result.rows)
    console.log(`  ${((performance.now() - start) / 1000).toFixed(0)} s`)
  }
  if (command.json !== undefined) {
    writeFileSync(command.json, JSON.stringify({ machine, commandLine, results }, null, 2))
  }
  console.log(`\n${command.markdown ? formatMarkdown(rows) : formatText(rows)}\n`)
  if (command.markdown) console.log(`${machineLine(machine)} Measured by \`${commandLine}\`.\n`)
  if (command.quick) console.log('Quick rounds: these figures show that everything works, and little else.')
  const verdicts = rows.map(verdictOf).filter(verdict => verdict !== undefined)
  const missed = verdicts.filter(verdict => verdict === 'MISSED').length
  console.log(
    `${verdicts.length - missed} of ${verdicts.length} bars met${missed > 0 ? `, ${missed} MISSED` : ''}.`,
  )
}

function machineLine({ cpu, cores, memoryGb, node, kernel }: Machine): string {
  return `${cpu}, ${cores} cores, ${memoryGb} GB, Node ${node}, ${kernel}.`
}

const args = process.argv.slice(2)
let command: Command | undefined
try {
  command = readCommand(args, Object.keys(SUITES))
} catch (error) {
  console.error((error as Error).message)
}
if (command === undefined || command.help) {
  console.log(`${USAGE}\n\nsuites: ${Object.keys(SUITES).join(', ')}`)
  if (command === undefined) process.exitCode = 2
} else {
  await main(command, ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' '))
}
