import { suite } from 'uvu'
import { MemoryJobStore, MemoryJobs } from '../../support/daemon/memory-job-store.js'
import { jobStoreContract } from './job-store-contract.js'

const test = suite('MemoryJobStore')

for (const { name, run } of jobStoreContract) {
  test(name, async () => {
    const jobs = new MemoryJobs()
    await run({
      store: new MemoryJobStore('owner', jobs),
      ofOwner: async owner => new MemoryJobStore(owner, jobs),
    })
  })
}

test.run()
