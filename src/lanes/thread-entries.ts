/**
 * The files that threads are started with, made by scripts/bundle-entries.mjs.
 *
 * All are named here, in the module that runs on the owner's thread, and as literal `new URL('…', import.meta.url)`:
 * bundlers that know this expression carry the files along, and the others keep it, so that it finds copies of the
 * files beside the bundle.
 */
export const supervisorEntry = new URL('./threads/supervisor-entry.cjs', import.meta.url)
export const laneEntry = new URL('./threads/lane-entry.cjs', import.meta.url)
export const syncEntry = new URL('./threads/sync-entry.cjs', import.meta.url)
/** It runs on the owner's thread, and is apart from the rest because piscina is in it, which only some have a need of. */
export const syncPool = new URL('./threads/sync-pool.cjs', import.meta.url)
