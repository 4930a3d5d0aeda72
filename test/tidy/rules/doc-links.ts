import { posix } from 'node:path'
import { lineAt } from '../../support/source-text.js'
import type { SourceFile } from '../../support/source-tree.js'
import type { Finding } from './finding.js'

/** `[text](target)` */
const LINK = /\]\(([^()\s]+)\)/g
const FENCE = /^```[\s\S]*?^```$/gm
const SPAN = /`[^`\n]*`/g
const ELSEWHERE = /^[a-z][a-z0-9+.-]*:/i

/** The anchors of a page, as the common hosts of repositories make them of its headings. */
export function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>()
  const seen = new Map<string, number>()
  for (const [, heading = ''] of withoutCode(markdown).matchAll(/^#{1,6} (.+)$/gm)) {
    const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const anchor = text.replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '').replace(/ /g, '-')
    const earlier = seen.get(anchor) ?? 0
    seen.set(anchor, earlier + 1)
    anchors.add(earlier === 0 ? anchor : `${anchor}-${earlier}`)
  }
  return anchors
}

/**
 * The links of a page that lead nowhere in the repository.
 *
 * @param read the text of a file by its path, empty for a folder; undefined if there is neither
 */
export function findDeadLinks(
  { path, text }: SourceFile,
  read: (path: string) => string | undefined,
): Finding[] {
  const findings: Finding[] = []
  for (const match of withoutCode(text).replace(SPAN, blank).matchAll(LINK)) {
    const [, target = ''] = match
    if (ELSEWHERE.test(target)) continue
    const [file = '', anchor] = target.split('#', 2)
    const to = file === '' ? path : posix.join(posix.dirname(path), file)
    const page = file === '' ? text : read(to)
    const line = lineAt(text, match.index)
    if (page === undefined) findings.push({ path, line, message: `There is no ${to}.` })
    else if (anchor !== undefined && !anchorsOf(page).has(anchor)) {
      findings.push({ path, line, message: `${to} has no heading #${anchor}.` })
    }
  }
  return findings
}

/** The text without its blocks of code; everything else keeps its place. */
function withoutCode(markdown: string): string {
  return markdown.replace(FENCE, blank)
}

function blank(code: string): string {
  return code.replace(/[^\n]/g, ' ')
}
