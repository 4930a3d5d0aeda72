import { setTimeout as sleep } from 'node:timers/promises'
import { AsyncScheduler, AsyncTask, SchedulerThread } from 'multilane'

/** Long enough that the wait for it is told. */
const later = (): Promise<number> => sleep(30, 5)

/** Awaits a task of a scheduler of its own, whose numbers and keys are its own as well. */
export async function awaitOneOfItsOwn(key?: string): Promise<number> {
  await using scheduler = await AsyncScheduler.start()
  return await scheduler.submitTask(new AsyncTask(later), key === undefined ? {} : { key }).result()
}

export async function awaitLaneOfItsOwn(): Promise<number> {
  await using scheduler = await SchedulerThread.inline<{ later: typeof later }, 'own'>({
    lanes: { own: {} },
    tasks: { later },
  })
  return await scheduler.lanes.own.run('later')
}
