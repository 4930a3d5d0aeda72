/** What is done about a task that holds its thread's loop for too long; `report`: nothing more than to tell. */
export type StallAction = 'report' | 'replace' | 'terminate'
