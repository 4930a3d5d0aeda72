import { createHash } from 'node:crypto'
import { readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'

/** A real file for the bulk work to work on. */
export interface SourceFile {
  readonly path: string
  /** Its path below the folder that was searched, to show. */
  readonly name: string
  readonly bytes: number
}

const MAX_FILES = 600
const MIN_BYTES = 2_000
const MAX_BYTES = 64_000

/**
 * Lists JavaScript files below a folder: neither so small that calling costs more than working, nor so large that
 * one of them takes seconds, and the figures of a phase hang on which of them fell into it.
 *
 * @returns at most 600, in an order that is the same in every run
 */
export function listSourceFiles(root: string): SourceFile[] {
  const files: SourceFile[] = []
  walk(root, root, files)
  // Neighbours in a folder are alike; mixed, any stretch of the list is about the same amount of work.
  return files
    .map(file => ({ file, rank: createHash('sha256').update(file.name).digest('hex') }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .map(({ file }) => file)
}

function walk(root: string, folder: string, files: SourceFile[]): void {
  const entries = readdirSync(folder, { withFileTypes: true })
  // Sorted, because the order of a folder is the file system's and not the same everywhere.
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const entry of entries) {
    if (files.length === MAX_FILES) return
    const path = join(folder, entry.name)
    // Links lead to the workspaces of this repository, and so back to here.
    if (entry.isDirectory()) walk(root, path, files)
    else if (entry.isFile() && entry.name.endsWith('.js')) {
      const bytes = statSync(path).size
      if (bytes >= MIN_BYTES && bytes <= MAX_BYTES) files.push({ path, name: relative(root, path), bytes })
    }
  }
}
