import { readdirSync, realpathSync, statSync } from 'node:fs'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the configuration: this module is in a folder of it. */
export const CONFIG_FOLDER = fileURLToPath(new URL('..', import.meta.url))

/**
 * The folder that jobs may read: FILES of the lane's `env`, relative to the configuration's folder.
 *
 * @returns {string} its real path
 */
export function filesRoot() {
  return realpathSync(resolve(CONFIG_FOLDER, process.env.FILES ?? './files'))
}

/**
 * The real path of a file or folder below the root. Links are followed first, so that none leads out of it. Someone
 * who can write to the root could still exchange a folder for a link in between: give write access to no stranger.
 *
 * @param {unknown} path relative to the root, or absolute and below it
 * @param {string} [root] a real path
 * @returns {string}
 */
export function allowedPath(path, root = filesRoot()) {
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw new RangeError('path must be a text such as "notes/lanes.md"')
  }
  if (path.split(/[\\/]/).includes('..'))
    throw new RangeError(`path must not have "..": ${JSON.stringify(path)}`)
  const named = resolve(root, path)
  if (!isWithin(named, root)) throw new RangeError(`path must be below ${root}: ${JSON.stringify(path)}`)
  const real = realpathSync(named)
  if (!isWithin(real, root))
    throw new RangeError(`path is a link that leads out of ${root}: ${JSON.stringify(path)}`)
  return real
}

/**
 * The path that a job was given, or else the whole root.
 *
 * @param {unknown} input
 * @returns {string}
 */
export function pathOf(input) {
  const isObject = typeof input === 'object' && input !== null && 'path' in input
  return allowedPath(isObject ? input.path : '.')
}

/**
 * Every ordinary file at or below a path, in the order of the names. Links are left out.
 *
 * @param {string} path
 * @returns {Generator<string>}
 */
export function* filesBelow(path) {
  if (statSync(path).isFile()) {
    yield path
    return
  }
  const entries = readdirSync(path, { withFileTypes: true })
  entries.sort((one, other) => (one.name < other.name ? -1 : 1))
  for (const entry of entries) {
    if (entry.isDirectory()) yield* filesBelow(join(path, entry.name))
    else if (entry.isFile()) yield join(path, entry.name)
  }
}

/**
 * A path as results show it: from the root, with forward slashes.
 *
 * @param {string} path
 * @returns {string}
 */
export function shownPath(path) {
  return relative(filesRoot(), path).split(sep).join('/')
}

/**
 * @param {string} path
 * @param {string} root
 */
function isWithin(path, root) {
  const way = relative(root, path)
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}
