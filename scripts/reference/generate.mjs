/**
 * Writes the API reference, as Markdown, from the built declarations: `node scripts/reference/generate.mjs [folder]`,
 * by default docs/reference. Everything must have been built.
 *
 * TypeScript 7, which compiles this project, has no API to read declarations with, and the usual generators need one.
 * So this folder is a workspace of its own, with TypeScript 6; nothing else uses that.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readEntries } from './declarations.mjs'
import { entryPage, overviewPage } from './pages.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const ENTRIES = [
  { module: 'multilane', page: 'multilane.md', declarations: join(root, 'dist', 'index.d.ts') },
  { module: 'multilane/task', page: 'multilane-task.md', declarations: join(root, 'dist', 'task.d.ts') },
]

const folder = resolve(process.argv[2] ?? join(root, 'docs', 'reference'))
const entries = readEntries(ENTRIES)
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'README.md'), overviewPage(entries))
for (const entry of entries) writeFileSync(join(folder, entry.page), entryPage(entry))
