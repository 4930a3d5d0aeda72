import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repoRoot } from '../support/repo-root.js'
import { codeBlocks, namedFiles } from './readme-blocks.js'

/** One configuration that docs/bundlers.md shows. */
export interface BundlerRecipe {
  /** The heading of its section: `Everything bundled`. */
  readonly way: string
  readonly bundler: string
  /** The name of the configuration's file. */
  readonly file: string
  readonly text: string
}

/** What docs/bundlers.md shows: the program, and each configuration under its two headings. */
export function bundlerRecipes(): {
  readonly program: Record<string, string>
  readonly recipes: readonly BundlerRecipe[]
} {
  const page = readFileSync(join(repoRoot, 'docs', 'bundlers.md'), 'utf8')
  const [introduction = '', ...sections] = page.split(/^## /m)
  const recipes = sections.flatMap(section => {
    const [way = '', ...parts] = section.split(/^### /m)
    return parts.map(part => {
      const [[file, text] = ['', '']] = Object.entries(namedFiles(codeBlocks(part), NAMED_BY))
      return { way: firstLine(way), bundler: firstLine(part), file, text }
    })
  })
  return { program: namedFiles(codeBlocks(introduction)), recipes }
}

/** `// vite.config.js` */
const NAMED_BY = /^\/\/ ([\w.-]+\.m?js)$/m

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}
