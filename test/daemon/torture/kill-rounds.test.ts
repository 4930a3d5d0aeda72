// @time-limit 120s

import { rm } from 'node:fs/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { HAS_PROCESS_TABLE } from '#daemon/work/process-table.js'
import { daemonFolder } from '../../support/daemon/daemon-process.js'
import { skipUnless } from '../../support/skip.js'
import { torture } from './torture.js'

const test = suite('torture: kill -9 under load')

const withProcesses = skipUnless(HAS_PROCESS_TABLE, 'needs /proc')
const SEED = 20_251

withProcesses(test)('every acknowledged job ends, and runs again only where a kill explains it', async () => {
  const folder = await daemonFolder()
  try {
    const { account, acknowledged, tally } = await torture({
      folder,
      rounds: 5,
      seed: SEED,
      clients: 6,
      pause: 80,
      life: 1200,
      patience: 60_000,
      onRound: () => {},
    })
    assert.equal(account.problems, [])
    assert.ok(acknowledged > 0)
    assert.ok((tally['repeated keys'] ?? 0) > 0)
    // The contract says 5 s, which kill-rounds.ts measures; this only keeps a restart from hanging.
    assert.ok((account.slowestRestart ?? 0) < 30_000)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test.run()
