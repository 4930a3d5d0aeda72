import type { LaneSettings } from './daemon-config.js'
import type { Field } from './field.js'
import type { FieldName } from './field-names.js'
import { checkLaneName } from './names.js'
import { readEnvironment } from './read-environment.js'

const LONGEST_GRACE = 3_600_000
const MOST_MEGABYTES = 1_048_576

/** What a file without lanes gets: the three urgencies, one thread each. */
const USUAL_LANES: Readonly<Record<string, LaneSettings>> = {
  urgent: { priority: 'user-blocking' },
  normal: { priority: 'user-visible' },
  bulk: { priority: 'background' },
}

/** By name, in the order of the file. It has no prototype, so that looking up a name from outside finds lanes only. */
export function readLanes(field: Field): Readonly<Record<string, LaneSettings>> {
  const lanes: Record<string, LaneSettings> = Object.create(null)
  if (!field.given) return Object.assign(lanes, USUAL_LANES)
  const entries = field.entries('normal: {priority: user-visible}')
  if (entries.length === 0 && typeof field.value === 'object' && !Array.isArray(field.value)) {
    field.problem('has no lane; write at least one, such as normal: {priority: user-visible}')
  }
  for (const [name, lane] of entries) {
    checkLaneName(name, lane)
    lanes[name] = readLane(lane)
  }
  return lanes
}

function readLane(field: Field): LaneSettings {
  const at = field.mapping('lanes.<name>')
  const settings: Partial<{ -readonly [K in keyof LaneSettings]: LaneSettings[K] }> = {}
  const keep = <K extends keyof LaneSettings>(name: K, value: LaneSettings[K] | undefined) => {
    if (value !== undefined) Object.assign(settings, { [name]: value })
  }
  keep('priority', at('priority').oneOf(undefined, ['user-blocking', 'user-visible', 'background']))
  keep('threads', at('threads').integer(undefined, 1, 256))
  keep('concurrency', at('concurrency').integer(undefined, 1, 65_536))
  keep('grace', at('grace').duration(undefined, 0, LONGEST_GRACE))
  keep('os', at('os').oneOf(undefined, ['normal', 'nice']))
  keep('startTimeout', at('startTimeout').duration(undefined, 1, LONGEST_GRACE))
  if (at('restart').given) keep('restart', readRestart(at('restart')))
  if (at('resourceLimits').given) keep('resourceLimits', readResourceLimits(at('resourceLimits')))
  if (at('env').given) keep('env', readEnvironment(at('env')))
  return settings
}

function readRestart(field: Field): NonNullable<LaneSettings['restart']> {
  const at = field.mapping('lanes.<name>.restart')
  const max = at('max').integer(undefined, 0, 1_000_000)
  const within = at('within').duration(undefined, 0)
  return { ...(max === undefined ? {} : { max }), ...(within === undefined ? {} : { within }) }
}

const RESOURCE_LIMITS: readonly FieldName<'lanes.<name>.resourceLimits'>[] = [
  'maxOldGenerationSizeMb',
  'maxYoungGenerationSizeMb',
  'codeRangeSizeMb',
  'stackSizeMb',
]

function readResourceLimits(field: Field): NonNullable<LaneSettings['resourceLimits']> {
  const at = field.mapping('lanes.<name>.resourceLimits')
  const given = RESOURCE_LIMITS.flatMap(name => {
    const limit = at(name).number(undefined, 1, MOST_MEGABYTES)
    return limit === undefined ? [] : [[name, limit] as const]
  })
  return Object.fromEntries(given)
}
