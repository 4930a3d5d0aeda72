/** One thing that is wrong with a configuration. */
export interface ConfigProblem {
  /** From 1; null where there is no text to point into. */
  readonly line: number | null
  /** From 1; null where there is no text to point into. */
  readonly column: number | null
  /** The field, such as `job.thumb.timeout`; empty for the text as a whole. */
  readonly path: string
  /** What is wrong and what a good value looks like. */
  readonly message: string
}

/** A configuration cannot be used. It lists everything that is wrong with it, in the order of the text. */
export class ConfigError extends Error {
  readonly code = 'ERR_CONFIG'
  /** The file, as it was named to the loader; null for an object. */
  readonly file: string | null
  readonly problems: readonly ConfigProblem[]

  constructor(file: string | null, problems: readonly ConfigProblem[], options?: ErrorOptions) {
    super(problems.map(problem => formatProblem(file, problem)).join('\n'), options)
    this.name = 'ConfigError'
    this.file = file
    this.problems = problems
  }
}

/** `<file>:<line>:<column>: <path>: <message>`, without the parts that are not known. */
export function formatProblem(file: string | null, { line, column, path, message }: ConfigProblem): string {
  const place = [file, line, column].filter(part => part !== null).join(':')
  return [place, path, message].filter(part => part !== '').join(': ')
}
