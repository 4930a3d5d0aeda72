import { join, resolve } from 'node:path'
import type { JobDefinition } from '../jobs/job-definition.js'
import type { ConfigOverrides } from './config-overrides.js'
import { ConfigReport, type ConfigSource } from './config-report.js'
import type { DaemonConfig } from './daemon-config.js'
import { Field } from './field.js'
import { checkJobName } from './names.js'
import { didYouMean } from './nearest-name.js'
import { checkPlainData } from './plain-data.js'
import { checkAccess, type Environment, readHosts, readListen, readTokens } from './read-access.js'
import { readJobs } from './read-jobs.js'
import { readLanes } from './read-lanes.js'

const DAY = 86_400_000
const HOUR = 3_600_000
const MIB = 1024 ** 2
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const

export interface ReadOptions {
  /** What relative paths start at, and what task modules must be below: an absolute path. */
  readonly folder: string
  readonly overrides?: ConfigOverrides
  /** For `MULTILANED_READ_TOKEN` and `MULTILANED_WRITE_TOKEN`, which go before the configuration's. Default empty. */
  readonly env?: Environment
  /** The text it comes from, for the lines and columns of errors. */
  readonly source?: ConfigSource
}

/**
 * Checks a configuration and completes it with the defaults.
 *
 * @param value a plain object of the same shape as the YAML; see docs/config.md
 * @throws ConfigError `ERR_CONFIG` with everything that is wrong with it
 */
export function readConfig(value: unknown, options: ReadOptions): DaemonConfig {
  const report = new ConfigReport(options.source ?? null)
  if (!checkPlainData(value, report)) report.throwProblems()
  const config = readFields(new Field(value, [], report), options, report)
  report.throwProblems()
  return { ...config, warnings: report.warnings }
}

function readFields(
  root: Field,
  { folder, overrides = {}, env = {} }: ReadOptions,
  report: ConfigReport,
): Omit<DaemonConfig, 'warnings'> {
  const at = root.mapping('')
  const listen = readListen(at('listen'), overrides, report)
  const tokens = readTokens(at('tokens'), env, report)
  checkAccess(listen, tokens, at('listen'), overrides.host !== undefined, report)
  const data = readData(at('data'), folder, overrides, report)
  const lanes = readLanes(at('lanes'))
  const jobs = readJobs(at('job'), { folder, lanes: Object.keys(lanes) })
  const jobNames = new Set(at('job').names)
  return {
    listen,
    tokens,
    hosts: readHosts(at('hosts')),
    data,
    lanes,
    jobs,
    groups: readGroups(at('group'), jobNames),
    work: readWork(at('work'), folder, data, jobNames),
    queue: readQueue(at('queue'), jobNames),
    limits: readLimits(at('limits')),
    retention: readRetention(at('retention')),
    shutdown: { drain: at('shutdown').mapping('shutdown')('drain').duration(10_000, 0, DAY) },
    log: readLog(at('log'), overrides),
  }
}

function readData(field: Field, folder: string, overrides: ConfigOverrides, report: ConfigReport): string {
  const path = resolve(folder, field.text('./data', './data'))
  if (overrides.data === undefined) return path
  if (overrides.data === '' || overrides.data.includes('\0')) {
    report.problemOutside('--data', 'is not the path of a folder; write ./data')
  }
  return resolve(overrides.data)
}

/** Whether a group's jobs are defined is asked when it is triggered, and told here. */
function readGroups(field: Field, jobNames: ReadonlySet<string>): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, readonly string[]>()
  for (const [name, group] of field.entries('images: [make-thumbnails]')) {
    checkJobName(name, group)
    const members = group.items('[make-thumbnails]').flatMap(item => item.text(null, 'make-thumbnails') ?? [])
    const missing = members.filter(member => !jobNames.has(member))
    if (members.length === 0) group.warning('has no jobs, so triggering it answers 400')
    if (missing.length > 0) {
      const names = missing.map(member => JSON.stringify(member)).join(', ')
      const hint = missing.length === 1 ? didYouMean(missing[0]!, jobNames) : ''
      group.warning(`names jobs that are not defined, so triggering it answers 400: ${names}${hint}`)
    }
    groups.set(name, members)
  }
  return groups
}

function readWork(
  field: Field,
  folder: string,
  data: string,
  jobNames: ReadonlySet<string>,
): DaemonConfig['work'] {
  const at = field.mapping('work')
  const logFile = resolve(folder, at('log').text(join(data, 'log.txt'), './log.txt'))
  return { job: readJobName(at('job'), jobNames), logFile }
}

function readQueue(field: Field, jobNames: ReadonlySet<string>): DaemonConfig['queue'] {
  const at = field.mapping('queue')
  return { job: readJobName(at('job'), jobNames), batch: at('batch').integer(10_000, 1, 1_000_000) }
}

function readJobName(field: Field, jobNames: ReadonlySet<string>): JobDefinition['name'] | null {
  const name = field.text(null, 'the name of a job')
  if (name === null || jobNames.has(name)) return name
  const hint = didYouMean(name, jobNames)
  field.problem(
    `no job is named ${JSON.stringify(name)}${hint === '' ? '; write the name of one under job' : hint}`,
  )
  return null
}

function readLimits(field: Field): DaemonConfig['limits'] {
  const at = field.mapping('limits')
  return {
    body: at('body').size(MIB, 1, 1024 * MIB),
    depth: at('depth').integer(32, 1, 1000),
    request: at('request').duration(10_000, 1, HOUR),
    connections: at('connections').integer(4096, 1, 1_000_000),
  }
}

function readRetention(field: Field): DaemonConfig['retention'] {
  const at = field.mapping('retention')
  return {
    age: at('age').duration(7 * DAY, 0),
    count: at('count').integer(100_000, 0, Number.MAX_SAFE_INTEGER),
  }
}

function readLog(field: Field, overrides: ConfigOverrides): DaemonConfig['log'] {
  const level = field.mapping('log')('level').oneOf('info', LEVELS)
  return { level: overrides.debug === true ? 'debug' : level }
}
