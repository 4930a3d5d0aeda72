import type { SourceFile } from '../../support/source-tree.js'
import { tableRows } from './doc-tables.js'
import type { Finding } from './finding.js'
import { type LooseEnd, looseEnds } from './loose-ends.js'

/** The section of the page for each kind. */
const SECTIONS: Readonly<Record<LooseEnd, string>> = {
  message: 'Messages',
  post: 'Posting',
  timer: 'Timers',
  listener: 'Listeners',
  opening: 'Threads, ports and processes',
}
const ENTRY = /^`([^`]+)`(?: ×(\d+))?$/

/** The part of a page under a heading of the second level. */
export function sectionOf(markdown: string, title: string): string {
  const start = markdown.indexOf(`\n## ${title}\n`)
  if (start < 0) return ''
  const end = markdown.indexOf('\n## ', start + 1)
  return markdown.slice(start, end < 0 ? undefined : end)
}

/** Compares a page with the loose ends of the sources, both ways and with how many of each there are. */
export function compareEnds(page: SourceFile, sources: readonly SourceFile[]): Finding[] {
  const findings: Finding[] = []
  const add = (line: number, message: string) => findings.push({ path: page.path, line, message })
  const found = sources.map(looseEnds)
  for (const [kind, title] of Object.entries(SECTIONS)) {
    const inSource = new Map(found.flatMap(ends => [...(ends.get(kind as LooseEnd) ?? [])]))
    const section = sectionOf(page.text, title)
    const offset = page.text.slice(0, page.text.indexOf(section)).split('\n').length - 1
    const documented = new Set<string>()
    for (const { line, cells } of tableRows(section)) {
      const [, name = '', times = '1'] = ENTRY.exec(cells[0] ?? '') ?? []
      const count = inSource.get(name)
      if (documented.has(name)) add(offset + line, `Describe ${name} once.`)
      documented.add(name)
      if (count === undefined) add(offset + line, `The source has no ${kind} ${name || cells[0]}.`)
      else if (count !== Number(times)) add(offset + line, `There are ${count} of ${name}: write ×${count}.`)
    }
    for (const [name, count] of inSource)
      if (!documented.has(name))
        add(offset + 1, `Describe \`${name}\`${count > 1 ? ` ×${count}` : ''} under ${title}: what ends it?`)
  }
  return findings
}
