import { pathToFileURL } from 'node:url'
import { InvalidArgumentError } from '../core/errors.js'

/**
 * @param module a URL, or an absolute path
 * @returns the URL as text
 * @throws InvalidArgumentError (`ERR_INVALID_ARG`) that names the option
 */
export function readModuleUrl(option: string, module: unknown): string {
  if (module instanceof URL) return module.href
  if (typeof module !== 'string' || module === '') {
    throw new InvalidArgumentError(option, 'the URL or absolute path of the task module', module)
  }
  if (/^(file|data|node):/.test(module)) return module
  if (!/^(\/|[A-Za-z]:[\\/]|\\\\)/.test(module)) {
    throw new InvalidArgumentError(
      option,
      'a URL or an absolute path (relative to what, nobody could tell)',
      module,
    )
  }
  return pathToFileURL(module).href
}
