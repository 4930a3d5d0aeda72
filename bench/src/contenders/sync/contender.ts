/** One way of calling a function on another thread and waiting for its end without an event loop. */
export interface SyncContender {
  call(): unknown
  close(): Promise<unknown>
}

export type SyncSetup = { readonly use: 'lane'; readonly spin?: number } | { readonly use: 'synckit' }

/** Opens a contender; each loads its library only when it is the one that is measured. */
export async function openSyncContender(setup: SyncSetup): Promise<SyncContender> {
  if (setup.use === 'lane') return (await import('./lane.js')).openLane(setup.spin)
  return (await import('./synckit.js')).openSynckit()
}
