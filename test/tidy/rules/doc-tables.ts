/** The rows of a page's tables, without their heads: each cell as it is written, without the spaces around it. */
export function tableRows(markdown: string): { readonly line: number; readonly cells: readonly string[] }[] {
  const rows: { line: number; cells: readonly string[] }[] = []
  let isHead = true
  for (const [index, line] of markdown.split('\n').entries()) {
    if (!line.startsWith('|')) {
      isHead = true
      continue
    }
    const cells = line
      .slice(1, line.trimEnd().lastIndexOf('|'))
      .split('|')
      .map(cell => cell.trim())
    if (cells.every(cell => /^:?-+:?$/.test(cell))) isHead = false
    else if (!isHead) rows.push({ line: index + 1, cells })
  }
  return rows
}
