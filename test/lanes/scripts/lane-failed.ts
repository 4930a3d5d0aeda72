/** Its lane crashes until it is closed; it is left at that. */
import { SchedulerThread } from 'multilane'

const tasks = 'data:text/javascript,export function exit() { process.exit(1) }'
const scheduler = await SchedulerThread.start({ tasks, lanes: { a: { restart: { max: 1 } } } })
const outcomes = await Promise.allSettled([1, 2, 3].map(() => scheduler.lanes.a?.run('exit')))
console.log(outcomes.map(outcome => (outcome as PromiseRejectedResult).reason.code).join(' '))
