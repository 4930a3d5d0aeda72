import type { AcceptedJob } from '#daemon/store/job-store.js'
import { acceptJobs } from '#daemon/store/sql/accept-jobs.js'
import { SqlConnection } from '#daemon/store/sql/sql-connection.js'
import { sqlDriver } from '#daemon/store/sql/sql-driver.js'

export { commit, emptyLog, setup, teardown } from '#daemon/store/sql/write-tasks.js'

/**
 * Begins a transaction that it never ends. It holds its loop by JavaScript: a thread that is ended within native code
 * of a database can take the process along.
 */
export function holdTransaction(file: string, group: readonly AcceptedJob[]): never {
  const connection = new SqlConnection(sqlDriver(), file)
  connection.statement('BEGIN IMMEDIATE').run()
  acceptJobs(connection, 'owner', group, null)
  for (;;);
}
