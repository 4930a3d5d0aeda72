import { createReadStream } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { ConfigError } from './config-error.js'
import type { ConfigOverrides } from './config-overrides.js'
import type { DaemonConfig } from './daemon-config.js'
import { LONGEST_TEXT, parseConfig } from './parse-config.js'
import type { Environment } from './read-access.js'

export interface LoadOptions {
  /** What flags set; they go before the file. */
  readonly overrides?: ConfigOverrides
  /** For `MULTILANED_READ_TOKEN` and `MULTILANED_WRITE_TOKEN`, which go before the file. Default empty. */
  readonly env?: Environment
}

/**
 * Reads a configuration file, a YAML text in UTF-8 of at most 1 MiB. Relative paths in it start at its folder.
 *
 * @param file a relative path starts at the working directory
 * @throws ConfigError `ERR_CONFIG` with everything that is wrong, each with its line and column
 */
export async function loadConfig(file: string, options: LoadOptions = {}): Promise<DaemonConfig> {
  const text = decode(file, await readUpTo(file, LONGEST_TEXT))
  return parseConfig(text, { file, folder: dirname(resolve(file)), ...options })
}

/** Reads no more than it may, so that a device or a pipe cannot fill the memory. */
async function readUpTo(file: string, most: number): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of createReadStream(file, { end: most })) {
      chunks.push(chunk as Buffer)
      size += (chunk as Buffer).length
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw fileError(file, `cannot be read: ${reason}`, { cause })
  }
  if (size > most) throw fileError(file, `is larger than ${most} bytes; a configuration is a short text`)
  return Buffer.concat(chunks)
}

function decode(file: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw fileError(file, 'is not text in UTF-8; save it as UTF-8', { cause })
  }
}

function fileError(file: string, message: string, options?: ErrorOptions): ConfigError {
  return new ConfigError(file, [{ line: null, column: null, path: '', message }], options)
}
