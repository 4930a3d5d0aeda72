/**
 * Where to begin looking for a seed that finds a planted bug, by what the bug is: where the last one was found. That saves
 * time, and nothing hangs on it: as many seeds are tried from there on. Once the workload has changed, other seeds find it,
 * which a run with `--verbose` tells.
 */
export const PLANTED_SEEDS: ReadonlyMap<string, number> = new Map([
  ['room that waiting tasks take', 309],
  ['a limit forgotten for an earlier one of another thread', 93],
  ['orphans that go on', 31],
  ['retirements that wait for the dead', 31],
  ['threads that are not told to those who asked', 25],
  ['an end that lane threads are not told of', 71],
  ['an end that those are not told of who come later', 2016],
  ['a task that begins after the teardown', 1170],
  ['a thread taken to be idle that waits for what it has submitted', 132],
  ['an end that is not told to those who have the handle', 171],
  ['a handle that tells another value', 25],
  ['a death that is not told to those who wait for what it had submitted', 51],
  ['a thread that is sent nothing any more once it has waited synchronously', 1518],
  ['handles that the dead had given on, and nobody looked at', 901],
  ['keys that die with their sender', 3498],
  ['places that the dead keep', 43],
  ['values of the dead that threads keep', 2269],
  ['room that is told to nobody', 25],
  ['room that is told to one alone', 580],
  ['a callback in the middle of a submission', 14739],
  ['answers that could not be read, and are forgotten', 76],
  ['tasks that could not be read, and are forgotten', 76],
])
