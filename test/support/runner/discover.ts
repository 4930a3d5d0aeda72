import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { listFiles } from '../source-tree.js'

export interface Discovery {
  /** Compiled test files to run, relative to the root. */
  readonly files: readonly string[]
  /** Compiled test files whose source is gone: left-overs of an earlier build, not run. */
  readonly stale: readonly string[]
  /** Test sources that were not compiled, and would be missed in silence. */
  readonly uncompiled: readonly string[]
  /** Filters that match nothing, most likely by a slip of the pen. */
  readonly idleFilters: readonly string[]
}

const COMPILED_TEST = /\.test\.js$/
const TEST_SOURCE = /\.test\.ts$/

export function sourceOf(file: string): string {
  return file.replace(COMPILED_TEST, '.test.ts')
}

/** Pure half of {@link discover}: the names of all files in, the decision out. */
export function selectTests(
  compiled: readonly string[],
  sources: readonly string[],
  filters: readonly string[],
): Discovery {
  const wanted = (path: string) => filters.length === 0 || filters.some(filter => path.includes(filter))
  const known = new Set(sources)
  const built = new Set(compiled)
  const tests = compiled.filter(path => COMPILED_TEST.test(path) && wanted(path))
  const files = tests.filter(path => known.has(sourceOf(path))).sort()
  return {
    files,
    stale: tests.filter(path => !known.has(sourceOf(path))),
    uncompiled: sources
      .filter(path => TEST_SOURCE.test(path))
      .filter(path => !built.has(path.replace(TEST_SOURCE, '.test.js')) && wanted(path)),
    idleFilters: filters.filter(filter => !files.some(path => path.includes(filter))),
  }
}

function listIfPresent(directory: string): string[] {
  return existsSync(join(directory, '.')) ? listFiles(directory) : []
}

export function discover(root: string, sources: string, filters: readonly string[]): Discovery {
  return selectTests(listIfPresent(root), listIfPresent(sources), filters)
}
