/**
 * Where to begin looking for a seed that finds a planted bug, by what the bug is: where the last one was found. That saves
 * time, and nothing hangs on it: as many seeds are tried from there on. Once the workload has changed, other seeds find it,
 * which a run with `--verbose` tells.
 */
export const PLANTED_SEEDS: ReadonlyMap<string, number> = new Map([
  ['room that waiting tasks take', 37],
  ['orphans that go on', 16],
  ['retirements that wait for the dead', 31],
  ['an end that lane threads are not told of', 71],
  ['an end that those are not told of who come later', 2016],
  ['a task that begins after the teardown', 209],
  ['a thread taken to be idle that waits for what it has submitted', 126],
  ['an end that is not told to those who have the handle', 163],
  ['a handle that tells another value', 25],
  ['a death that is not told to those who wait for what it had submitted', 25],
  ['a thread that is sent nothing any more once it has waited synchronously', 1142],
  ['handles that the dead had given on, and nobody looked at', 272],
  ['places that the dead keep', 16],
  ['room that is told to nobody', 25],
  ['room that is told to one alone', 476],
])
