// @time-limit 240s
import { suite } from 'uvu'
import { startStore, withStoreFolder } from '../../support/daemon/store-folder.js'
import { jobStoreContract } from './job-store-contract.js'

const test = suite('SqliteStore')

for (const { name, run } of jobStoreContract) {
  test(name, () =>
    withStoreFolder(async folder => {
      const { store, ofOwner, close } = await startStore(folder)
      try {
        await run({ store, ofOwner })
      } finally {
        await close()
      }
    }),
  )
}

test.run()
