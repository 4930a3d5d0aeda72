import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repoRoot } from '../support/repo-root.js'

export interface CodeBlock {
  readonly language: string
  readonly text: string
}

/** The fenced code blocks of a text, in their order. */
export function codeBlocks(markdown: string): CodeBlock[] {
  return [...markdown.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({
    language,
    text,
  }))
}

/** The blocks that say on their first line which file they are: `// main.ts`. */
export function namedFiles(
  blocks: readonly CodeBlock[],
  namedBy = /^\/\/ ([\w-]+\.[cm]?[jt]s)$/m,
): Record<string, string> {
  const files: Record<string, string> = {}
  for (const { text } of blocks) {
    const name = namedBy.exec(text.split('\n', 1)[0] ?? '')?.[1]
    if (name === undefined) continue
    if (name in files) throw new Error(`${name} is shown twice`)
    files[name] = text
  }
  return files
}

/** What README.md shows, and what it says the first example prints. */
export function readmeExamples(): { readonly files: Record<string, string>; readonly output: string } {
  const blocks = codeBlocks(readFileSync(join(repoRoot, 'README.md'), 'utf8'))
  const output = blocks.find(({ language }) => language === 'text')?.text
  if (output === undefined) throw new Error('README.md does not show what its example prints')
  return { files: namedFiles(blocks), output }
}
