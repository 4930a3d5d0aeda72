import type { DaemonConfig } from './config/daemon-config.js'

/** The first line says where the daemon listens; then come lines to try, fitted to what is configured. */
export function banner(config: DaemonConfig, address: string): string {
  const { read, write } = config.tokens
  const curl = `curl -s${read !== null || write !== null ? ' -H "Authorization: Bearer $TOKEN"' : ''}`
  const lines = [`multilaned listening on ${address}`, `  jobs are kept in ${config.data}`, '', 'Try:']
  const add = (command: string, what: string) => lines.push(`  ${command}   # ${what}`)

  const group = firstRunnable(config)
  if (group !== undefined)
    add(`${curl} -X POST ${address}/group/${encodeURIComponent(group)}`, 'starts a group of jobs')
  if (config.work.job !== null)
    add(`${curl} -X POST ${address}/api`, 'starts the work job, and tells where to ask for it')
  const [job] = config.jobs.keys()
  if (job !== undefined) {
    add(`${curl} -d job_name=${quoted(job)} -d time=10s ${address}/job`, 'runs a job in ten seconds')
  }
  if (config.queue.job !== null) {
    const batch = '[{"item":"a","valor":1},{"item":"b","valor":2}]'
    add(`${curl} -H 'Content-Type: application/json' -d '${batch}' ${address}/api`, 'a token for each item')
  }
  add(`${curl} ${address}/jobs`, 'what is scheduled, runs, and has run')
  add(`${curl} ${address}/openapi.json`, 'everything else')
  return lines.join('\n')
}

function firstRunnable({ groups, jobs }: DaemonConfig): string | undefined {
  for (const [name, members] of groups) {
    if (members.length > 0 && members.every(member => jobs.has(member))) return name
  }
  return undefined
}

/** For a shell that is to see one word. */
function quoted(word: string): string {
  return /^[\w.-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
