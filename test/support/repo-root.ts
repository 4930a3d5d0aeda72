import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PACKAGE_NAME = 'multilane'

function namesThePackage(manifest: string): boolean {
  const parsed: unknown = JSON.parse(readFileSync(manifest, 'utf8'))
  return typeof parsed === 'object' && parsed !== null && 'name' in parsed && parsed.name === PACKAGE_NAME
}

function findRepoRoot(from: string): string {
  for (let directory = from; ; directory = dirname(directory)) {
    const manifest = join(directory, 'package.json')
    if (existsSync(manifest) && namesThePackage(manifest)) return directory
    if (directory === dirname(directory)) {
      throw new Error(`No package.json named ${PACKAGE_NAME} in ${from} or above it`)
    }
  }
}

/** The same from the sources and from what was compiled, which lie at different depths. */
export const repoRoot = findRepoRoot(dirname(fileURLToPath(import.meta.url)))
