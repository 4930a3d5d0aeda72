import type { TaskHandle } from 'multilane'
import type { JobCall, JobEnd } from '../work/job-call.js'

/** What the daemon needs of a lane in order to run jobs on it. */
export interface JobLane {
  /**
   * @param options.timeout milliseconds of running
   * @param options.onStart is called on this thread once the job has started
   * @throws LaneError `ERR_LANE_FAILED`, ClosedError `ERR_CLOSED`
   */
  submit(
    call: JobCall,
    options: { readonly priority: number; readonly timeout?: number; readonly onStart: () => void },
  ): JobHandle
}

export type JobHandle = Pick<TaskHandle<JobEnd>, 'result' | 'cancel' | 'timestamps'>
