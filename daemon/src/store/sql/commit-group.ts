import { acceptJobs } from './accept-jobs.js'
import { cancelJob, retryJob, settleAttempt, startAttempt } from './attempt-records.js'
import { abandonClaims, claimJobs, recoverJobs, releaseJobs } from './claim-jobs.js'
import { moveJobs } from './move-jobs.js'
import { sweepJobs } from './retention.js'
import type { SqlConnection } from './sql-connection.js'
import { SqlError } from './sql-database.js'
import type { WriteAnswer, WriteOperation, WriteOutcome } from './write-operations.js'

/** What one operation can break without anything being the matter with the store. */
const OWN_FAULTS = ['SQLITE_CONSTRAINT', 'SQLITE_MISMATCH', 'SQLITE_TOOBIG']

/**
 * Runs operations in their order as one transaction.
 *
 * An operation that breaks a rule of the schema takes back its own changes only. As none should, the transaction runs
 * without savepoints first, and with them only after one did.
 *
 * @throws SqlError if nothing was kept; the transaction may then still have to be rolled back
 */
export function commitGroup(
  connection: SqlConnection,
  owner: string,
  operations: readonly WriteOperation[],
): readonly WriteOutcome[] {
  try {
    return inTransaction(connection, () =>
      operations.map(operation => ({ ok: true, answer: perform(connection, owner, operation) })),
    )
  } catch (error) {
    if (!isOwnFault(error)) throw error
    connection.rollBack()
    return inTransaction(connection, () =>
      operations.map(operation => performAlone(connection, owner, operation)),
    )
  }
}

function inTransaction(
  connection: SqlConnection,
  run: () => readonly WriteOutcome[],
): readonly WriteOutcome[] {
  connection.statement('BEGIN IMMEDIATE').run()
  const outcomes = run()
  connection.statement('COMMIT').run()
  return outcomes
}

function performAlone(connection: SqlConnection, owner: string, operation: WriteOperation): WriteOutcome {
  connection.statement('SAVEPOINT operation').run()
  try {
    const answer = perform(connection, owner, operation)
    connection.statement('RELEASE operation').run()
    return { ok: true, answer }
  } catch (error) {
    if (!isOwnFault(error)) throw error
    connection.statement('ROLLBACK TO operation').run()
    connection.statement('RELEASE operation').run()
    return { ok: false, code: error.code, message: error.message }
  }
}

function isOwnFault(error: unknown): error is SqlError {
  return error instanceof SqlError && OWN_FAULTS.some(code => error.is(code))
}

function perform(connection: SqlConnection, owner: string, operation: WriteOperation): WriteAnswer {
  switch (operation.kind) {
    case 'accept':
      return acceptJobs(connection, owner, operation.group, operation.key)
    case 'claim':
      return claimJobs(connection, owner, operation.lane, operation.limit, operation.now, operation.number)
    case 'start':
      startAttempt(connection, owner, operation.id, operation.start)
      return null
    case 'settle':
      settleAttempt(connection, owner, operation.id, operation.settlement)
      return null
    case 'release':
      releaseJobs(connection, owner, operation.ids)
      return null
    case 'abandon':
      abandonClaims(connection, owner, operation.claims, operation.ids)
      return null
    case 'recover':
      return recoverJobs(connection, owner)
    case 'move':
      return moveJobs(connection, operation.lanes, operation.homes)
    case 'cancel':
      return cancelJob(connection, operation.id, operation.now)
    case 'retry':
      return retryJob(connection, operation.id, operation.now)
    case 'sweep':
      return sweepJobs(connection, operation.finishedBefore, operation.keep, operation.limit)
    case 'probe':
      connection.statement('UPDATE probes SET count = count + 1').run()
      return null
  }
}
