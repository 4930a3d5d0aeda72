/**
 * A scanner just good enough to tell code from comments, strings, templates and regular expressions, so that
 * a rule about code is not set off by a sentence about it. A real parser is not at hand: TypeScript 7 has no
 * JavaScript API.
 */

export type SpanKind = 'comment' | 'string' | 'template' | 'regex'

/** Literals exclude their delimiters, so masked code still shows where they stand; comments are whole. */
export interface Span {
  readonly kind: SpanKind
  readonly start: number
  readonly end: number
}

const BEFORE_REGEX =
  /(?:^|[^\w$.])(?:return|typeof|case|in|of|delete|void|throw|new|else|do|await|yield|instanceof)$/

function endOfQuoted(text: string, from: number, quote: string): number {
  let at = from
  while (at < text.length && text[at] !== quote && text[at] !== '\n') at += text[at] === '\\' ? 2 : 1
  return Math.min(at, text.length)
}

/** Where the regular expression opened just before `from` closes, or -1 if that slash was a division. */
function endOfRegex(text: string, from: number): number {
  let inClass = false
  for (let at = from; at < text.length && text[at] !== '\n'; at++) {
    const char = text[at]
    if (char === '\\') at++
    else if (char === '[') inClass = true
    else if (char === ']') inClass = false
    else if (char === '/' && !inClass) return at
  }
  return -1
}

function endOfTemplateChunk(text: string, from: number): number {
  let at = from
  while (at < text.length && text[at] !== '`' && !text.startsWith('${', at)) at += text[at] === '\\' ? 2 : 1
  return Math.min(at, text.length)
}

/** A slash after a value divides; after an operator, a bracket or a keyword it opens a regular expression. */
function regexMayStartAfter(codeBefore: string): boolean {
  const before = codeBefore.trimEnd()
  if (before === '' || BEFORE_REGEX.test(before)) return true
  if (before.endsWith('++') || before.endsWith('--')) return false
  return !/[\w$)\]}'"`]$/.test(before)
}

export function scanSpans(text: string): Span[] {
  const spans: Span[] = []
  const templateDepths: number[] = []
  let depth = 0
  let at = 0

  const add = (kind: SpanKind, start: number, end: number) => {
    spans.push({ kind, start, end })
    return end
  }
  const template = (from: number) => {
    const end = add('template', from, endOfTemplateChunk(text, from))
    if (text[end] !== '$') return end + 1
    templateDepths.push(depth++)
    return end + 2
  }
  const codeBefore = (end: number) => {
    const last = spans.at(-1)
    const start = Math.max(last?.end ?? 0, end - 80)
    const recent = text.slice(start, end)
    if (recent.trim() !== '' || last === undefined) return recent
    return last.kind === 'comment' ? text.slice(Math.max(0, last.start - 80), last.start) : 'literal'
  }

  while (at < text.length) {
    const char = text[at]
    if (text.startsWith('//', at) || (at === 0 && text.startsWith('#!'))) {
      const lineEnd = text.indexOf('\n', at)
      at = add('comment', at, lineEnd < 0 ? text.length : lineEnd)
    } else if (text.startsWith('/*', at)) {
      const close = text.indexOf('*/', at + 2)
      at = add('comment', at, close < 0 ? text.length : close + 2)
    } else if (char === "'" || char === '"') {
      at = add('string', at + 1, endOfQuoted(text, at + 1, char)) + 1
    } else if (char === '`') {
      at = template(at + 1)
    } else if (char === '/' && regexMayStartAfter(codeBefore(at)) && endOfRegex(text, at + 1) >= 0) {
      at = add('regex', at + 1, endOfRegex(text, at + 1)) + 1
    } else if (char === '{') {
      depth++
      at++
    } else if (char === '}') {
      depth--
      if (templateDepths.at(-1) === depth) {
        templateDepths.pop()
        at = template(at + 1)
      } else at++
    } else at++
  }
  return spans
}

function blank(text: string, spans: readonly Span[]): string {
  let masked = ''
  let from = 0
  for (const { start, end } of spans) {
    masked += text.slice(from, start) + text.slice(start, end).replace(/[^\n]/g, ' ')
    from = end
  }
  return masked + text.slice(from)
}

/** The text with comments and the insides of literals blanked; offsets and lines stay what they were. */
export function codeOf(text: string): string {
  return blank(text, scanSpans(text))
}

/** The comments of the text and nothing else; offsets and lines stay what they were. */
export function commentsOf(text: string): string {
  const spans = scanSpans(text).filter(span => span.kind === 'comment')
  const gaps: Span[] = []
  let from = 0
  for (const { start, end } of spans) {
    gaps.push({ kind: 'comment', start: from, end: start })
    from = end
  }
  gaps.push({ kind: 'comment', start: from, end: text.length })
  return blank(text, gaps)
}

export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}
