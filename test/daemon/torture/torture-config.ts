import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const MODULE = fileURLToPath(new URL('./tasks/witness-jobs.js', import.meta.url))

/** A shell job tells of itself all along, so that two of them at a time would be seen. Its name is `command`. */
const COMMAND = `#!/bin/sh
say() { echo "$1 $LIFE $MULTILANED_JOB_ID $MULTILANED_ATTEMPT $(date +%s%3N)" >> "$WITNESS"; }
trap '' TERM
say start
beats=0
while [ $beats -lt 15 ]; do sleep 0.2; say beat; beats=$((beats + 1)); done
say end
`

/** How each job must end, and how often it may fail of its own accord. */
export const KINDS: Readonly<Record<string, { readonly ends: string; readonly failures: number }>> = {
  quick: { ends: 'succeeded', failures: 0 },
  wait: { ends: 'succeeded', failures: 0 },
  burn: { ends: 'succeeded', failures: 0 },
  command: { ends: 'succeeded', failures: 0 },
  flaky: { ends: 'succeeded', failures: 1 },
  doomed: { ends: 'failed', failures: 2 },
}

export const GROUP = ['quick', 'command', 'wait'] as const

export interface TortureFolder {
  readonly folder: string
  /** Where every run of every job writes a line at its start and at its end. */
  readonly witness: string
  /** The configuration of a life of the daemon: its jobs witness with the number of it. */
  readonly config: (life: number) => string
}

/** Puts the jobs of the torture into a folder. */
export async function prepareFolder(folder: string): Promise<TortureFolder> {
  const witness = join(folder, 'witness.txt')
  await mkdir(join(folder, 'jobs'), { recursive: true })
  await copyFile(MODULE, join(folder, 'jobs/witness-jobs.mjs'))
  await writeFile(join(folder, 'jobs/command.sh'), COMMAND)
  await writeFile(witness, '')
  return { folder, witness, config: life => configText(witness, life) }
}

function configText(witness: string, life: number): string {
  const env = `{WITNESS: ${JSON.stringify(witness)}, LIFE: "${life}"}`
  return `
lanes:
  urgent: {priority: user-blocking, concurrency: 1024, env: ${env}}
  normal: {priority: user-visible, concurrency: 1024, env: ${env}}
  commands: {priority: user-visible, concurrency: 256, env: ${env}}
  bulk: {priority: background, threads: 2, env: ${env}}
job:
  quick: {task: ./jobs/witness-jobs.mjs#quick, lane: urgent, interruptions: 1000}
  wait: {task: ./jobs/witness-jobs.mjs#wait, lane: normal, cost: valor, interruptions: 1000}
  burn: {task: ./jobs/witness-jobs.mjs#burn, lane: bulk, interruptions: 1000}
  command: {shell: sh jobs/command.sh, lane: commands, interruptions: 1000, env: ${env}}
  flaky: {task: ./jobs/witness-jobs.mjs#flaky, lane: normal, interruptions: 1000, retries: {limit: 2, delay: 100ms}}
  doomed: {task: ./jobs/witness-jobs.mjs#doomed, lane: normal, interruptions: 1000, retries: {limit: 1, delay: 50ms}}
group:
  all: [${GROUP.join(', ')}]
work: {job: burn}
queue: {job: wait}
shutdown: {drain: 20s}
log: {level: warn}
`
}
