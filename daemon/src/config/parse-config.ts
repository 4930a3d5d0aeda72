import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml'
import { ConfigError, type ConfigProblem } from './config-error.js'
import type { ConfigPath } from './config-path.js'
import { formatPath } from './config-path.js'
import type { FieldPart } from './config-report.js'
import type { DaemonConfig } from './daemon-config.js'
import { type ReadOptions, readConfig } from './read-config.js'

/** How often aliases may repeat what they stand for, nested ones multiplied. */
const MOST_ALIASES = 100

export const LONGEST_TEXT = 1024 ** 2

export interface ParseOptions extends Omit<ReadOptions, 'source'> {
  /** As it is to be named in errors. */
  readonly file: string
}

/**
 * Reads a configuration written in YAML 1.2.
 *
 * @param text at most {@link LONGEST_TEXT} characters
 * @throws ConfigError `ERR_CONFIG` with everything that is wrong, each with its line and column; of a text that is
 *   not sound YAML, that alone
 */
export function parseConfig(text: string, { file, ...options }: ParseOptions): DaemonConfig {
  if (text.length > LONGEST_TEXT) {
    const message = `has ${text.length} characters; the most is ${LONGEST_TEXT}`
    throw new ConfigError(file, [{ line: null, column: null, path: '', message }])
  }
  const lines = new LineCounter()
  // Equal keys are looked for below: the parser compares each with each, minutes for a hundred thousand.
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    resolveKnownTags: false,
    stringKeys: true,
    uniqueKeys: false,
  })
  const placed = new PlacedDocument(document, lines)
  const faults = [...document.errors, ...document.warnings]
  if (faults.length > 0) {
    throw new ConfigError(
      file,
      faults.map(({ pos, message }) => ({
        ...placed.at(pos[0]),
        path: '',
        message: `is not sound YAML: ${message}`,
      })),
    )
  }
  const value = placed.value(file)
  return readConfig(value, {
    ...options,
    source: { file, problems: placed.repeatedNames(), locate: (path, part) => placed.locate(path, part) },
  })
}

interface Place {
  readonly line: number
  readonly column: number
}

/** A YAML document that can tell where each field is. */
class PlacedDocument {
  readonly #document: Document.Parsed
  readonly #lines: LineCounter

  constructor(document: Document.Parsed, lines: LineCounter) {
    this.#document = document
    this.#lines = lines
  }

  at(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset)
    // Of an empty text the counter knows no line.
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }

  /** @throws ConfigError if aliases repeat too much, or name no anchor */
  value(file: string): unknown {
    try {
      return this.#document.toJS({ maxAliasCount: MOST_ALIASES }) as unknown
    } catch (cause) {
      if (!(cause instanceof ReferenceError)) throw cause
      const message = `an alias cannot be used: ${cause.message}; write the value out`
      throw new ConfigError(file, [{ ...this.#firstAlias(), path: '', message }], { cause })
    }
  }

  /** Where a field is, or as much of the way to it as there is. */
  locate(path: ConfigPath, part: FieldPart): Place {
    let offset = 0
    let node: unknown = this.#document.contents
    for (const [index, step] of path.entries()) {
      const pair = this.#child(node, step)
      if (pair === undefined) break
      const isLast = index === path.length - 1
      offset = (isLast && part === 'name' ? undefined : startOf(pair.value)) ?? startOf(pair.key) ?? offset
      node = pair.value
    }
    return this.at(path.length === 0 ? (startOf(node) ?? 0) : offset)
  }

  /** What no mapping may have, and all that is wrong with it. */
  repeatedNames(): ConfigProblem[] {
    const problems: ConfigProblem[] = []
    visit(this.#document, {
      Map: (_, map, ancestors) => {
        const seen = new Map<string, number>()
        for (const { key } of map.items) {
          const name = nameOf(key)
          const offset = startOf(key) ?? 0
          const first = seen.get(name)
          if (first === undefined) seen.set(name, offset)
          else {
            const path = formatPath([...stepsTo(map, ancestors), name])
            const message = `is written twice, first in line ${this.at(first).line}; leave one out`
            problems.push({ ...this.at(offset), path, message })
          }
        }
      },
    })
    return problems
  }

  #child(
    parent: unknown,
    step: string | number,
  ): { readonly key: unknown; readonly value: unknown } | undefined {
    const node = isAlias(parent) ? parent.resolve(this.#document) : parent
    if (isSeq(node) && typeof step === 'number') return { key: undefined, value: node.items[step] }
    if (!isMap(node)) return undefined
    return node.items.findLast(({ key }) => nameOf(key) === `${step}`)
  }

  #firstAlias(): Place {
    let offset = 0
    visit(this.#document, {
      Alias: (_, alias) => {
        offset = startOf(alias) ?? 0
        return visit.BREAK
      },
    })
    return this.at(offset)
  }
}

function nameOf(key: unknown): string {
  return isScalar(key) ? String(key.value) : String(key)
}

/** A value that is not written, as after `name:`, has no place of its own. */
function startOf(node: unknown): number | undefined {
  if (!isNode(node)) return undefined
  const { range } = node as Node
  if (range === undefined || range === null) return undefined
  const isUnwritten = isScalar(node) && range[0] === range[1]
  return isUnwritten ? undefined : range[0]
}

function stepsTo(map: YAMLMap, ancestors: readonly (Document | Node | Pair)[]): (string | number)[] {
  const steps: (string | number)[] = []
  for (const [index, ancestor] of ancestors.entries()) {
    const next = ancestors[index + 1] ?? map
    if (isSeq(ancestor)) steps.push(ancestor.items.indexOf(next))
    else if ('key' in ancestor) steps.push(nameOf(ancestor.key))
  }
  return steps
}
