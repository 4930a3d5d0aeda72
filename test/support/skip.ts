import type { Test } from 'uvu'

/** What a skipped test prints; the runner repeats these lines even for a green file. */
export const SKIP_PREFIX = 'skipped: '

/**
 * Skips a test, by name and with a reason, on a machine that lacks what it needs:
 *
 *     const onLinux = skipUnless(process.platform === 'linux', 'needs thread ids')
 *     onLinux(test)('a background lane is niced', async () => { … })
 *
 * uvu's own `test.skip` is silent, so a test could go missing for years.
 */
export function skipUnless(condition: boolean, reason: string) {
  return <T>(test: Test<T>): ((name: string, callback: Parameters<Test<T>>[1]) => void) =>
    (name, callback) => {
      if (condition) return test(name, callback)
      console.log(`${SKIP_PREFIX}${name} (${reason})`)
      test.skip(name, callback)
    }
}
