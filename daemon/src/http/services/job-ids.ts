/** How requests name jobs. What does not have the form of an id is told apart here, and never reaches the store. */

const JOB_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const TOKEN = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/

/** Whether it is spelt as the ids of jobs are: a UUID in lower case. */
export function isJobId(value: unknown): value is string {
  return typeof value === 'string' && JOB_ID.test(value)
}

/** @returns the id as the queue tool shows it: its 32 hexadecimal digits */
export function tokenOf(id: string): string {
  return id.replaceAll('-', '')
}

/** @returns undefined if it is not spelt as a token is */
export function idOfToken(token: string): string | undefined {
  return TOKEN.exec(token)?.slice(1).join('-')
}
