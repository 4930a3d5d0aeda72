import { framesIn, stackOf } from './stack-text.js'

const OWN_MODULE = '/bridge/own-frames.js'

/**
 * What the stack frames of the library have in common, or null where that cannot be told.
 *
 * It is read from a stack and not from `import.meta.url`, which a bundler that makes CommonJS leaves undefined.
 *
 * @param stack a stack taken in this module while it is loaded
 */
export function ownPlaceIn(stack: string): string | null {
  const frame = framesIn(stack).slice(1).split('\n', 1)[0] ?? ''
  const file = /^ {4}at (?:[^(]*\()?(.+):\d+:\d+\)?$/.exec(frame)?.[1] ?? ''
  if (file.endsWith(OWN_MODULE)) return file.slice(0, 1 - OWN_MODULE.length)
  // Nothing but the library is in the files that threads are started with.
  if (/[\\/]threads[\\/](?:lane-entry|supervisor-entry|sync-entry|sync-pool)\.cjs$/.test(file)) return file
  // Bundled with the program that uses it: then its frames are in the same file as the program's.
  return null
}

const ownPlace = ownPlaceIn(stackOf(new Error()))

/** Whether a line of a stack is of the library or of Node, and so nothing to whoever called the library. */
export function isOwnFrame(line: string): boolean {
  return line.includes('node:internal') || (ownPlace !== null && line.includes(ownPlace))
}
