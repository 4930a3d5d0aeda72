import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { repoRoot } from '../support/repo-root.js'
import { outputOf, run } from './command.js'

/** What a user has: a folder of their own, outside the repository, and the library from its tarball. */
export interface PackedProject {
  readonly directory: string
  readonly tarball: string
  /** Writes files, by their path in the project; returns it. */
  write(files: Readonly<Record<string, string>>): PackedProject
  /** Runs a script of the project; throws if it fails, else returns what it printed. */
  node(script: string, ...nodeOptions: string[]): Promise<string>
  remove(): void
}

const MANIFEST = JSON.stringify({ name: 'somebody', private: true, type: 'module' })

/** The tarball of what was built, in a new folder. */
export async function pack(): Promise<{ readonly directory: string; readonly tarball: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'multilane-package-'))
  outputOf(await run('npm', ['pack', '--ignore-scripts', '--pack-destination', directory], repoRoot))
  const tarball = readdirSync(directory).find(name => name.endsWith('.tgz'))
  if (tarball === undefined) throw new Error('npm pack made no tarball')
  return { directory, tarball: join(directory, tarball) }
}

export async function packedProject(): Promise<PackedProject> {
  const packed = await pack()
  const directory = join(packed.directory, 'project')
  const project: PackedProject = {
    directory,
    tarball: packed.tarball,
    write(files) {
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(directory, path)), { recursive: true })
        writeFileSync(join(directory, path), text)
      }
      return project
    },
    node: async (script, ...nodeOptions) =>
      outputOf(await run(process.execPath, [...nodeOptions, script], directory)),
    remove: () => rmSync(packed.directory, { recursive: true, force: true }),
  }
  project.write({ 'package.json': MANIFEST })
  const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', packed.tarball]
  outputOf(await run('npm', install, directory))
  shareNodeTypes(directory)
  return project
}

/** Node's own types, from the repository: nothing is looked up by a project that does not name them. */
export function shareNodeTypes(directory: string): void {
  for (const name of [join('@types', 'node'), 'undici-types']) {
    const target = join(directory, 'node_modules', name)
    mkdirSync(dirname(target), { recursive: true })
    symlinkSync(join(repoRoot, 'node_modules', name), target, 'junction')
  }
}
