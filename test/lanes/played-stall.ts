/** The most often that a stall is played. */
const MOST_PLAYS = 10

/**
 * Plays a stall until it is told with all there is to be seen of it. The inspector has a tenth of a second to answer where
 * a loop is, and may miss it on a machine that has much else to do: the stall is then told without a stack, as it should
 * be, and is to be played once more.
 *
 * @param play plays one from its beginning to its end, and resolves with what was told of it
 * @param isSeen whether that has its stack
 * @returns what was told the last time
 */
export async function untilSeen<T>(play: () => Promise<T>, isSeen: (told: T) => boolean): Promise<T> {
  let told = await play()
  for (let plays = 1; plays < MOST_PLAYS && !isSeen(told); plays++) told = await play()
  return told
}
