import type { ConfigPath } from './config-path.js'
import type { ConfigReport } from './config-report.js'
import { DURATION_SAMPLES, formatDuration, LONGEST_DURATION, parseDuration } from './durations.js'
import { FIELD_NAMES, type FieldName, type MappingName } from './field-names.js'
import { didYouMean } from './nearest-name.js'
import { RESERVED_NAME } from './plain-data.js'
import { parseSize, SIZE_SAMPLES } from './sizes.js'

const MOST_QUOTED = 60
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what no path and no command may hold
const NUL = /\x00/

/**
 * One field of a configuration. Each reader returns the field's value; of a field that is not there, or has no value,
 * what was given for that case. It returns that too when the value is wrong, after reporting it, so that the rest is
 * read as well and all problems are told at once.
 */
export class Field {
  readonly value: unknown
  readonly path: ConfigPath
  readonly #report: ConfigReport

  constructor(value: unknown, path: ConfigPath, report: ConfigReport) {
    this.value = value
    this.path = path
    this.#report = report
  }

  /** Whether it is there and has a value. YAML's `name:` with nothing after it has none. */
  get given(): boolean {
    return this.value !== undefined && this.value !== null
  }

  problem(message: string, below: ConfigPath = []): void {
    this.#report.problem([...this.path, ...below], message)
  }

  nameProblem(message: string): void {
    this.#report.problem(this.path, message, 'name')
  }

  warning(message: string): void {
    this.#report.warning(this.path, message)
  }

  /** The fields of a mapping that has just so many; unknown ones are reported. */
  mapping<M extends MappingName>(mapping: M): (name: FieldName<M>) => Field {
    const known: readonly string[] = FIELD_NAMES[mapping]
    const entries = new Map(this.entries(`fields such as ${known[0]}`))
    for (const [name, field] of entries) {
      if (known.includes(name)) continue
      field.nameProblem(`is not a field${didYouMean(name, known)} (the fields here: ${known.join(', ')})`)
    }
    return name => entries.get(name) ?? this.absent(name)
  }

  /** The names in a mapping; of anything else none. */
  get names(): readonly string[] {
    const { value } = this
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : []
  }

  /** A field below it that is not there. */
  absent(name: string): Field {
    return new Field(undefined, [...this.path, name], this.#report)
  }

  /**
   * The fields of a mapping whose names are the author's.
   *
   * @param sample what could be in it
   */
  entries(sample: string): readonly (readonly [name: string, field: Field])[] {
    if (!this.given) return []
    if (typeof this.value !== 'object' || Array.isArray(this.value)) {
      this.problem(`${this.#quoted} is not a mapping; write ${sample}, indented below it`)
      return []
    }
    return Object.entries(this.value as object)
      .filter(([name]) => name !== RESERVED_NAME)
      .map(([name, value]) => [name, new Field(value, [...this.path, name], this.#report)] as const)
  }

  items(sample: string): readonly Field[] {
    if (!this.given) return []
    if (!Array.isArray(this.value)) {
      this.problem(`${this.#quoted} is not a list; write ${sample}`)
      return []
    }
    return this.value.map((value, index) => new Field(value, [...this.path, index], this.#report))
  }

  /** Text that is not empty and has no NUL, which the system's calls would cut it off at. */
  text<F>(absent: F, sample: string): string | F {
    const text = this.anyText(absent, sample)
    if (text !== '') return text
    this.problem(`is empty; write ${sample}`)
    return absent
  }

  anyText<F>(absent: F, sample: string): string | F {
    if (!this.given) return absent
    if (typeof this.value !== 'string') {
      const isScalar = typeof this.value === 'number' || typeof this.value === 'boolean'
      const advice = isScalar ? `put it in quotes: "${this.value}"` : `write ${sample}`
      this.problem(`${this.#quoted} is not text; ${advice}`)
      return absent
    }
    if (!NUL.test(this.value)) return this.value
    this.problem(`has a NUL character; write ${sample}`)
    return absent
  }

  oneOf<const T extends string, F>(absent: F, allowed: readonly T[]): T | F {
    if (!this.given) return absent
    const found = allowed.find(name => name === this.value)
    if (found !== undefined) return found
    this.problem(`${this.#quoted} is none of the values it can have; write ${orList(allowed)}`)
    return absent
  }

  /** A whole number. */
  integer<F>(absent: F, least: number, most: number): number | F {
    return this.#number(absent, 'a whole number', Number.isSafeInteger, least, most)
  }

  number<F>(absent: F, least: number, most: number): number | F {
    return this.#number(absent, 'a number', Number.isFinite, least, most)
  }

  /** @returns milliseconds */
  duration<F>(absent: F, least: number, most: number = LONGEST_DURATION): number | F {
    if (!this.given) return absent
    const duration = typeof this.value === 'string' ? parseDuration(this.value) : undefined
    if (duration === undefined) this.problem(`${this.#quoted} is not a duration; write ${DURATION_SAMPLES}`)
    else if (duration < least)
      this.problem(`${this.#quoted} is too short; write ${formatDuration(least)} or more`)
    else if (duration > most)
      this.problem(`${this.#quoted} is too long; write ${formatDuration(most)} or less`)
    else return duration
    return absent
  }

  /** @returns bytes */
  size<F>(absent: F, least: number, most: number): number | F {
    if (!this.given) return absent
    const isScalar = typeof this.value === 'string' || typeof this.value === 'number'
    const size = isScalar ? parseSize(`${this.value}`) : undefined
    if (size === undefined) this.problem(`${this.#quoted} is not a size; write ${SIZE_SAMPLES}`)
    else if (size < least || size > most) {
      this.problem(`${this.#quoted} is not within ${least} to ${most} bytes; write ${SIZE_SAMPLES}`)
    } else return size
    return absent
  }

  #number<F>(
    absent: F,
    kind: string,
    isKind: (value: unknown) => boolean,
    least: number,
    most: number,
  ): number | F {
    if (!this.given) return absent
    if (typeof this.value === 'number' && isKind(this.value) && this.value >= least && this.value <= most) {
      return this.value
    }
    const sample = typeof absent === 'number' ? absent : least
    this.problem(`${this.#quoted} is not ${kind} from ${least} to ${most}; write ${sample}`)
    return absent
  }

  get #quoted(): string {
    if (Array.isArray(this.value)) return 'a list'
    if (typeof this.value === 'object') return 'a mapping'
    // JSON would call NaN and the infinities null.
    const text = typeof this.value === 'number' ? `${this.value}` : (JSON.stringify(this.value) ?? '')
    return text.length > MOST_QUOTED ? `${text.slice(0, MOST_QUOTED)}…` : text
  }
}

function orList(names: readonly string[]): string {
  const last = names.at(-1) ?? ''
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} or ${last}`
}
