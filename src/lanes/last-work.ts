/** As much of a run loop as its end needs. */
export interface EndingLoop {
  readonly isIdle: boolean
  idle(): Promise<void>
  end(): void
}

/**
 * Resolves when a thread has nothing left to run, nor anything to be had from elsewhere. What comes to it after that is
 * not begun, since its teardown is: its sender goes as well, and has only not heard of it.
 *
 * @param elsewhere answers when nothing is unfinished that the thread has submitted
 */
export async function lastWorkDone(
  loop: EndingLoop,
  elsewhere: () => Promise<void> | undefined,
): Promise<void> {
  do {
    await loop.idle()
    await elsewhere()
  } while (!loop.isIdle)
  loop.end()
}
