import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { JobDefinition, RetryPolicy, ShellWork, TaskWork } from '../jobs/job-definition.js'
import type { Field } from './field.js'
import type { FieldName } from './field-names.js'
import { readInputSchema } from './input-schema.js'
import { checkJobName } from './names.js'
import { didYouMean } from './nearest-name.js'
import { readEnvironment } from './read-environment.js'
import { readTaskModule } from './task-module.js'

const MOST_PRIORITY = 1_000_000
const MOST_RETRIES = 1000
const COMMAND_SAMPLE = 'a shell command, such as echo hello'
const USUAL_RETRIES: RetryPolicy = { limit: 0, delay: 1000, factor: 2, maxDelay: 300_000 }
const USUAL_EXPECTED = 1000
const USUAL_INTERRUPTIONS = 5

export interface JobSurroundings {
  /** The configuration's, an absolute path. */
  readonly folder: string
  /** The names of the lanes, in the order of the file. */
  readonly lanes: readonly string[]
}

/** The jobs that can be run; what is wrong with the others is reported. */
export function readJobs(field: Field, around: JobSurroundings): ReadonlyMap<string, JobDefinition> {
  const jobs = new Map<string, JobDefinition>()
  for (const [name, job] of field.entries('hello: echo hello')) {
    checkJobName(name, job)
    const definition = readJob(name, job, around)
    if (definition !== undefined) jobs.set(name, definition)
  }
  return jobs
}

type JobFields = (name: FieldName<'job.<name>'>) => Field

function readJob(name: string, field: Field, around: JobSurroundings): JobDefinition | undefined {
  const at = jobFields(field)
  if (at === undefined) return undefined
  const work = readWork(field, at, around.folder)
  const rest = {
    name,
    lane: readLaneName(at('lane'), around.lanes),
    priority: at('priority').integer(0, 0, MOST_PRIORITY),
    timeout: at('timeout').duration(null, 1),
    retries: readRetries(at('retries')),
    interruptions: at('interruptions').integer(USUAL_INTERRUPTIONS, 0, MOST_RETRIES),
    expected: at('expected').duration(USUAL_EXPECTED, 0),
    cost: at('cost').text(null, "the name of a number in the job's input, such as seconds"),
    input: readInputSchema(at('input')),
  }
  return work === undefined ? undefined : { ...rest, work }
}

/** Text alone is short for a mapping with that shell command. */
function jobFields(field: Field): JobFields | undefined {
  const { value } = field
  if (typeof value === 'string') return name => (name === 'shell' ? field : field.absent(name))
  if (value === null || (typeof value === 'object' && !Array.isArray(value)))
    return field.mapping('job.<name>')
  field.text(undefined, COMMAND_SAMPLE)
  return undefined
}

function readWork(field: Field, at: JobFields, folder: string): ShellWork | TaskWork | undefined {
  if (at('shell').given === at('task').given) {
    const what = at('shell').given ? 'has both a shell command and a task' : 'has no work'
    field.problem(`${what}; write either shell: echo hello or task: ./jobs/files.js#checksum`)
    return undefined
  }
  if (at('task').given) {
    for (const name of ['cwd', 'env'] as const) {
      if (at(name).given) at(name).nameProblem('is for shell jobs; leave it out, or set env on the lane')
    }
    return readTaskModule(at('task'), folder)
  }
  const command = at('shell').text(undefined, COMMAND_SAMPLE)
  const surroundings = { cwd: readWorkingFolder(at('cwd'), folder), env: readEnvironment(at('env')) }
  return command === undefined ? undefined : { kind: 'shell', command, ...surroundings }
}

function readWorkingFolder(field: Field, folder: string): string {
  const path = field.text(undefined, './files')
  if (path === undefined) return folder
  const absolute = resolve(folder, path)
  const isFolder = statSync(absolute, { throwIfNoEntry: false })?.isDirectory() ?? false
  if (!isFolder) field.problem(`${JSON.stringify(path)} is not a folder; write one that exists, such as .`)
  return absolute
}

/** `normal` if there is such a lane, else the first. */
function defaultLane(lanes: readonly string[]): string {
  return lanes.includes('normal') ? 'normal' : (lanes[0] ?? 'normal')
}

function readLaneName(field: Field, lanes: readonly string[]): string {
  const lane = field.text(undefined, defaultLane(lanes))
  if (lane === undefined) return defaultLane(lanes)
  if (!lanes.includes(lane)) {
    const known = `(the lanes here: ${lanes.join(', ') || 'none'})`
    field.problem(`no lane is named ${JSON.stringify(lane)}${didYouMean(lane, lanes)} ${known}`)
  }
  return lane
}

function readRetries(field: Field): RetryPolicy {
  const { limit, delay, factor, maxDelay } = USUAL_RETRIES
  if (!field.given || typeof field.value === 'number') {
    return { ...USUAL_RETRIES, limit: field.integer(limit, 0, MOST_RETRIES) }
  }
  const at = field.mapping('job.<name>.retries')
  return {
    limit: at('limit').integer(limit, 0, MOST_RETRIES),
    delay: at('delay').duration(delay, 0),
    factor: at('factor').number(factor, 1, 100),
    maxDelay: at('maxDelay').duration(maxDelay, 0),
  }
}
