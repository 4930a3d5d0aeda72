/** As much of a run loop as its end needs. */
export interface EndingLoop {
  readonly isIdle: boolean
  idle(): Promise<void>
  end(): void
}

/** As much of what a thread submits tasks with. */
export interface EndingSender {
  /** Whether nothing is unfinished that the thread has submitted. */
  readonly isIdle: boolean
  idle(): Promise<void>
  /** What is submitted from now on is refused. */
  leave(): void
}

/**
 * Resolves when a thread has nothing left to run, nor anything to be had from elsewhere. What comes to it after that is
 * not begun, since its teardown is: its sender goes as well, and has only not heard of it.
 */
export async function lastWorkDone(loop: EndingLoop, elsewhere: EndingSender): Promise<void> {
  do {
    await loop.idle()
    await elsewhere.idle()
    // Who was told of the end of the last may have submitted another before this was.
  } while (!loop.isIdle || !elsewhere.isIdle)
  loop.end()
  elsewhere.leave()
}
