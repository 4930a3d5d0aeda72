import { openStore } from '#daemon/store/open-store.js'

// Holds the store of a folder until it is killed.
await openStore({ folder: process.argv[2]!, owner: 'holder' })
process.send?.('held')
setInterval(() => {}, 60_000)
