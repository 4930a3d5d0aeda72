import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { repoRoot } from '../support/repo-root.js'
import { sharedFolder } from '../support/shared-folder.js'
import { outputOf, run } from './command.js'

/** What a user has: a folder of their own, outside the repository, and the library from its tarball. */
export interface PackedProject {
  readonly directory: string
  /** Writes files, by their path in the project; returns it. */
  write(files: Readonly<Record<string, string>>): PackedProject
  /** Runs a script of the project; throws if it fails, else returns what it printed. */
  node(script: string, ...nodeOptions: string[]): Promise<string>
  remove(): void
}

const MANIFEST = JSON.stringify({ name: 'somebody', private: true, type: 'module' })

/** @returns the path of the tarball of what was built, made by npm; nobody may change it */
export async function pack(): Promise<string> {
  const folder = await sharedFolder('tarball', async folder => {
    outputOf(await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], repoRoot))
  })
  const tarball = readdirSync(folder).find(name => name.endsWith('.tgz'))
  if (tarball === undefined) throw new Error('npm pack made no tarball')
  return join(folder, tarball)
}

/** @returns a project that npm has installed the tarball in; nobody may change it */
async function installed(): Promise<string> {
  const tarball = await pack()
  return sharedFolder('project', async folder => {
    writeFileSync(join(folder, 'package.json'), MANIFEST)
    const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball]
    outputOf(await run('npm', install, folder))
  })
}

export async function packedProject(): Promise<PackedProject> {
  const own = mkdtempSync(join(tmpdir(), 'multilane-package-'))
  const directory = join(own, 'project')
  cpSync(await installed(), directory, { recursive: true, verbatimSymlinks: true })
  shareNodeTypes(directory)
  const project: PackedProject = {
    directory,
    write(files) {
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(directory, path)), { recursive: true })
        writeFileSync(join(directory, path), text)
      }
      return project
    },
    node: async (script, ...nodeOptions) =>
      outputOf(await run(process.execPath, [...nodeOptions, script], directory)),
    remove: () => rmSync(own, { recursive: true, force: true }),
  }
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
