import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { parse as parseScript } from 'acorn'
import { minify_sync } from 'terser'

// All synchronous: the asynchronous variants of zlib, crypto and fs would leave the lane for libuv's one thread pool,
// where no priority holds.

/** @returns the SHA-256 of a file, in hexadecimal */
export function hash(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

/** @returns the bytes a file has when compressed */
export function gzip(path: string): number {
  return gzipSync(readFileSync(path), { level: 9 }).length
}

/** @returns how many statements a file has at its top */
export function parse(path: string): number {
  const source = readFileSync(path, 'utf8')
  return parseScript(source, {
    ecmaVersion: 'latest',
    sourceType: 'module',
    allowReturnOutsideFunction: true,
  }).body.length
}

/** @returns the characters a file has when minified */
export function minify(path: string): number {
  return minify_sync(readFileSync(path, 'utf8')).code?.length ?? 0
}
