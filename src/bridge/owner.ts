/** The number of the sender on the thread that made the scheduler. Those of lane threads are greater. */
export const OWNER = 0
