import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseDocument } from 'yaml'
import { repoRoot } from '../repo-root.js'

const EXAMPLE = join(repoRoot, 'daemon', 'example')
const CONFIG = 'multilaned.yaml'

/**
 * A copy of the shipped example, with settings of one's own. It lies below the repository, where the modules of the
 * jobs find the library as those of an installed daemon do.
 *
 * @param settings by their path in the configuration
 */
export async function exampleFolder(
  settings: readonly (readonly [path: readonly string[], value: unknown])[] = [],
): Promise<string> {
  const folder = await mkdtemp(join(repoRoot, 'build', 'example-'))
  await cp(EXAMPLE, folder, { recursive: true, filter: source => !/[/\\](data|output)$/.test(source) })
  const file = join(folder, CONFIG)
  const document = parseDocument(await readFile(file, 'utf8'))
  for (const [path, value] of settings) document.setIn(path, value)
  await writeFile(file, String(document))
  return folder
}
