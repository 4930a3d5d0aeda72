import { importsOf, resolveImport, type SourceFile } from '../../support/source-tree.js'

/**
 * Rings of imports, as the paths along each with the first one repeated at the end; at least one for every knot
 * of files, so that none are found only when there are none. Imports of types count too: they are erased, but
 * two files that need each other's types are still one file in two halves.
 */
export function findImportRings(sources: readonly SourceFile[]): string[][] {
  const imports = new Map<string, string[]>()
  const known = new Set(sources.map(({ path }) => path))
  for (const { path, text } of sources) {
    const targets = importsOf(text).map(({ specifier }) => resolveImport(path, specifier) ?? '')
    imports.set(path, [...new Set(targets.filter(target => known.has(target)))].sort())
  }

  const rings: string[][] = []
  const done = new Set<string>()
  const trail: string[] = []
  const visit = (path: string) => {
    const since = trail.indexOf(path)
    if (since >= 0) {
      rings.push([...trail.slice(since), path])
      return
    }
    if (done.has(path)) return
    trail.push(path)
    for (const target of imports.get(path) ?? []) visit(target)
    trail.pop()
    done.add(path)
  }
  for (const path of [...known].sort()) visit(path)
  return rings
}
