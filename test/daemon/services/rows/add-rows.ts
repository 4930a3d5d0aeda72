import type { Test } from 'uvu'
import { GROUP_ROWS } from './group-rows.js'
import { JOB_FORM_ROWS } from './job-form-rows.js'
import { QUEUE_ROWS } from './queue-rows.js'
import { SCHEDULE_ROWS } from './schedule-rows.js'
import { WORK_ROWS } from './work-rows.js'
import type { World } from './world.js'

const SECTIONS = {
  '1, work scheduler': WORK_ROWS,
  '2, job scheduler': [...SCHEDULE_ROWS, ...JOB_FORM_ROWS],
  '3, group API': GROUP_ROWS,
  '4, queue tool': QUEUE_ROWS,
}

/**
 * Adds a test for each row of the contracts of the four services. All may ask the same daemon, one after the other.
 *
 * @param world is called at the beginning of each test
 */
export function addRows(test: Test, world: () => World): void {
  for (const [section, rows] of Object.entries(SECTIONS)) {
    for (const [name, holds] of rows) test(`${section}: ${name}`, () => holds(world()))
  }
}
