/** What a program may have made of stacks in place of text, as a tool that wants the call sites does. */
const MADE: readonly (typeof Error.prepareStackTrace)[] = [
  (_, callSites) => callSites,
  () => undefined,
  () => null,
  () => 5,
  () => ({ split: 'none' }),
  () => 'no frames in it',
  () => {
    throw new EvalError('from prepareStackTrace')
  },
]

/** Runs it once for each, while all stacks of this thread are made so. */
export async function withMadeStacks(run: () => unknown): Promise<void> {
  const { prepareStackTrace } = Error
  try {
    for (const make of MADE) {
      Error.prepareStackTrace = make
      await run()
    }
  } finally {
    Error.prepareStackTrace = prepareStackTrace
  }
}
