import { realpathSync, statSync } from 'node:fs'
import { isAbsolute, relative, resolve, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { TaskWork } from '../jobs/job-definition.js'
import type { Field } from './field.js'

const SAMPLE = './jobs/files.js#checksum'
const EXPORT_FORM = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u

/**
 * Finds the module of a `task:` and fixes its real path: later changes of links lead nowhere else.
 *
 * @param folder the configuration's, which the module must be below, links followed
 */
export function readTaskModule(field: Field, folder: string): TaskWork | undefined {
  const text = field.text(undefined, SAMPLE)
  if (text === undefined) return undefined
  const hash = text.lastIndexOf('#')
  const path = text.slice(0, hash)
  const exported = text.slice(hash + 1)
  if (hash <= 0 || !EXPORT_FORM.test(exported)) {
    field.problem(`${JSON.stringify(text)} is not a module and its export; write ${SAMPLE}`)
  } else if (/^[A-Za-z][A-Za-z0-9+.-]+:/.test(path)) {
    field.problem(
      `${JSON.stringify(text)} is a URL; write a path below the configuration's folder: ${SAMPLE}`,
    )
  } else {
    const found = findBelow(path, folder)
    if (found.kind === 'module') return { kind: 'task', module: pathToFileURL(found.path).href, exported }
    field.problem(`${JSON.stringify(path)} ${found.fault}; write ${SAMPLE}`)
  }
  return undefined
}

type Found =
  | { readonly kind: 'module'; readonly path: string }
  | { readonly kind: 'fault'; readonly fault: string }

function findBelow(path: string, folder: string): Found {
  const outside: Found = { kind: 'fault', fault: "lies outside the configuration's folder" }
  const named = resolve(folder, path)
  // What lies outside is not looked at, so that no message tells whether it exists.
  if (!isBelow(named, folder)) return outside
  try {
    const real = realpathSync(named)
    if (!isBelow(real, realpathSync(folder))) return outside
    return statSync(real).isFile()
      ? { kind: 'module', path: real }
      : { kind: 'fault', fault: 'is not a file' }
  } catch (error) {
    return { kind: 'fault', fault: `cannot be read (${systemCode(error)})` }
  }
}

function isBelow(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}

function systemCode(error: unknown): string {
  if (error instanceof Error && 'code' in error) {
    return error.code === 'ENOENT' ? 'there is no such file' : String(error.code)
  }
  throw error
}
