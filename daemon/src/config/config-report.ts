import { ConfigError, type ConfigProblem, formatProblem } from './config-error.js'
import { type ConfigPath, formatPath } from './config-path.js'

/** Whether a problem is with a field's name or with what it is set to. */
export type FieldPart = 'name' | 'value'

/** The text that a configuration was read from. */
export interface ConfigSource {
  readonly file: string
  /** What is wrong with the text itself, and yet leaves it readable. */
  readonly problems: readonly ConfigProblem[]
  /** Where a field is in the text; of one that is missing, where its parent is. Lines and columns count from 1. */
  locate(path: ConfigPath, part: FieldPart): { readonly line: number; readonly column: number }
}

/** More would only scroll the first ones away. */
const MOST_SHOWN = 100

/** Gathers the problems and warnings of one configuration, so that all are told at once. */
export class ConfigReport {
  readonly #source: ConfigSource | null
  readonly #problems: ConfigProblem[]
  readonly #warnings: ConfigProblem[] = []

  constructor(source: ConfigSource | null) {
    this.#source = source
    this.#problems = [...(source?.problems ?? [])]
  }

  problem(path: ConfigPath, message: string, part: FieldPart = 'value'): void {
    this.#problems.push(this.#place(path, message, part))
  }

  warning(path: ConfigPath, message: string, part: FieldPart = 'name'): void {
    this.#warnings.push(this.#place(path, message, part))
  }

  /** Of a flag or an environment variable, which is nowhere in the text. */
  problemOutside(name: string, message: string): void {
    this.#problems.push({ line: null, column: null, path: name, message })
  }

  /** @throws ConfigError with all problems, if there are any */
  throwProblems(): void {
    if (this.#problems.length === 0) return
    const sorted = inOrder(this.#problems)
    const more = sorted.length - MOST_SHOWN
    const shown = sorted.slice(0, MOST_SHOWN)
    if (more > 0) shown.push({ line: null, column: null, path: '', message: `and ${more} more problems` })
    throw new ConfigError(this.#source?.file ?? null, shown)
  }

  /** In the order of the text. */
  get warnings(): readonly string[] {
    return inOrder(this.#warnings).map(warning => formatProblem(this.#source?.file ?? null, warning))
  }

  #place(path: ConfigPath, message: string, part: FieldPart): ConfigProblem {
    const position = this.#source?.locate(path, part) ?? { line: null, column: null }
    return { line: position.line, column: position.column, path: formatPath(path), message }
  }
}

function inOrder(problems: readonly ConfigProblem[]): ConfigProblem[] {
  const last = Number.MAX_SAFE_INTEGER
  return [...problems].sort(
    (one, other) =>
      (one.line ?? last) - (other.line ?? last) || (one.column ?? last) - (other.column ?? last),
  )
}
