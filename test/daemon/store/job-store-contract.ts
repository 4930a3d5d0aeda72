import { acceptingContract } from './contract/accepting.js'
import { attemptsContract } from './contract/attempts.js'
import { claimingContract } from './contract/claiming.js'
import { estimatesContract } from './contract/estimates.js'
import { listingContract } from './contract/listing.js'
import { ownersContract } from './contract/owners.js'
import { retentionContract } from './contract/retention.js'
import type { ContractTest } from './contract/store-test.js'

/** What every JobStore must do, as tests by name. */
export const jobStoreContract: readonly ContractTest[] = [
  ...acceptingContract,
  ...claimingContract,
  ...attemptsContract,
  ...ownersContract,
  ...listingContract,
  ...estimatesContract,
  ...retentionContract,
]
