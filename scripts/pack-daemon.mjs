/**
 * Packs the daemon for the registry: `node scripts/pack-daemon.mjs <folder>` writes its tarball there and prints the
 * tarball's name. Everything must have been built.
 *
 * In the repository the daemon depends on the library as `file:..`, since a workspace cannot name its root by version.
 * What is published has to name one. So the package is copied, that dependency is rewritten, and npm packs the copy.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const daemon = join(root, 'daemon')
const NOT_PUBLISHED = ['src', 'node_modules']
const BUILT = /^(dist.*?)(?:\.d\.ts|\.js)(?:\.map)?$/

const [folder] = process.argv.slice(2)
if (folder === undefined) {
  console.error('Name a folder for the tarball, such as: node scripts/pack-daemon.mjs build')
  process.exit(1)
}

const stage = mkdtempSync(join(tmpdir(), 'multilaned-pack-'))
try {
  cpSync(daemon, stage, { recursive: true, filter: belongs })
  cpSync(join(root, 'LICENSE'), join(stage, 'LICENSE'))
  const { name, version } = manifestOf(root)
  const manifest = manifestOf(daemon)
  manifest.dependencies[name] = `^${version}`
  writeFileSync(join(stage, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  console.log(pack(stage, resolve(folder)))
} finally {
  rmSync(stage, { recursive: true, force: true })
}

/** What `files` of the manifest chooses from: not the sources, nor what was built of a source that is gone. */
function belongs(path) {
  const inside = relative(daemon, path)
  if (NOT_PUBLISHED.includes(inside.split(sep)[0])) return false
  const built = BUILT.exec(inside)?.[1]
  return built === undefined || existsSync(join(daemon, `${built.replace(/^dist/, 'src')}.ts`))
}

function manifestOf(directory) {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))
}

function pack(directory, destination) {
  if (!existsSync(join(directory, 'dist', 'bin.js'))) throw new Error('nothing is built: npm run build')
  if (!statSync(destination).isDirectory()) throw new Error(`${destination} is not a folder`)
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', destination]
  const options = { cwd: directory, encoding: 'utf8', shell: process.platform === 'win32' }
  const [{ filename }] = JSON.parse(execFileSync('npm', args, options))
  return filename
}
