import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { CONFIG_FOLDER, pathOf, shownPath } from './allowed-files.js'

/** @typedef {import('multilaned').JobContext} JobContext */

const OUTPUT = join(CONFIG_FOLDER, 'output')

/**
 * Compresses a file into the folder `output`, for a bulk lane: it holds its thread. The file appears there whole or
 * not at all, so that the job can be run again after a crash.
 *
 * @param {unknown} input `{path, format?}`, the format `brotli` (the default) or `gzip`
 * @param {JobContext} context
 */
export function compressFile(input, context) {
  const source = pathOf(input)
  const gzip = typeof input === 'object' && input !== null && 'format' in input && input.format === 'gzip'
  const content = readFileSync(source)
  const packed = gzip ? gzipSync(content, { level: 9 }) : brotliCompressSync(content)
  const target = join(OUTPUT, `${shownPath(source)}${gzip ? '.gz' : '.br'}`)
  const unfinished = `${target}.${context.id}`
  mkdirSync(dirname(target), { recursive: true })
  writeFileSync(unfinished, packed)
  renameSync(unfinished, target)
  context.log(`${content.length} bytes became ${packed.length}`)
  return { file: target, before: content.length, after: packed.length }
}
