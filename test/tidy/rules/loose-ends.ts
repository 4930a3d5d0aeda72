import { codeOf } from '../../support/source-text.js'
import type { SourceFile } from '../../support/source-tree.js'

/**
 * What one thread of a program starts and another has to end, or outlives: what `docs/lifecycles.md` walks through.
 * Each is known by its file and the member or function that has it, as `lanes/lane-thread.leave`.
 */
export type LooseEnd = 'message' | 'post' | 'timer' | 'listener' | 'opening'

const FORMS: Readonly<Record<Exclude<LooseEnd, 'message'>, RegExp>> = {
  post: /\.(?:post|postMessage)\(/g,
  timer: /(?:\.after|\bset(?:Timeout|Interval|Immediate)|(?:\breminders|#reminders|#rungs)\.add)\(/g,
  listener: /\.(?:on|once|addEventListener|listen)\(/g,
  opening:
    /\bnew (?:MessageChannel|ThreadPort|Worker|Piscina|Session)\(|\bMemoryPort\.pair\(|\.channel\(\)|\.(?:open|openPort)\(|\bspawn\(/g,
}
/** An object literal that is a message; in a type it would end with a semicolon. */
const MESSAGE = /\btype: '([\w-]+)'\s*[,}]/g

const OUTER = /^(?:export )?(?:default )?(?:abstract )?(?:async )?(class|function|const|let) (\w+)/
const MEMBER =
  /^ {2}(?:(?:private|protected|public|static|override|async|readonly|get|set) )*(#?\w+)(?:[(<:=?]| =)/

/** The class member, or else the function or constant, in which an offset is. */
export function memberAt(code: string, offset: number): string {
  let outer = ''
  let isClass = false
  let member = ''
  let at = 0
  for (const line of code.split('\n')) {
    if (at > offset) break
    at += line.length + 1
    const [, kind, name = ''] = OUTER.exec(line) ?? []
    if (kind !== undefined) {
      outer = name
      isClass = kind === 'class'
      member = ''
    } else if (isClass) member = MEMBER.exec(line)?.[1] ?? member
  }
  return isClass && member !== '' ? member : outer
}

/** The path within src, without its ending. */
function placeOf(path: string): string {
  return path.replace(/^src\//, '').replace(/\.ts$/, '')
}

/** All loose ends of a file: of messages `place 'type'`, of others `place.member`; and how many of each there are. */
export function looseEnds({ path, text }: SourceFile): Map<LooseEnd, Map<string, number>> {
  const code = codeOf(text)
  const place = placeOf(path)
  const found = new Map<LooseEnd, Map<string, number>>()
  for (const [kind, form] of Object.entries(FORMS)) {
    const ends = [...code.matchAll(form)].map(({ index }) => `${place}.${memberAt(code, index)}`)
    found.set(kind as LooseEnd, counted(ends))
  }
  // The core posts nothing: what has a type there is a decision.
  const posted = path.startsWith('src/core/') ? [] : [...text.matchAll(MESSAGE)]
  const messages = posted.filter(({ index }) => code.startsWith('type: ', index))
  found.set('message', counted(messages.map(([, type]) => `${place} '${type}'`)))
  return found
}

function counted(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}
