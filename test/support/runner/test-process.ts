/**
 * The process of one test file: `node test-process.js FILE`. It loads the file, starts uvu itself (as uvu's own
 * command line does) and tells the runner, on descriptor 3, what uvu's summary would cover up: uvu writes over
 * an exit code that was left behind, and counts nothing that happens after its summary.
 */
import { writeSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

type SuiteRun = () => Promise<
  readonly [errors: string | true, passed: number, skipped: number, total: number]
>

interface UvuGlobals {
  UVU_DEFER?: boolean
  UVU_INDEX?: number
  UVU_QUEUE?: [name: string | null, ...suites: SuiteRun[]][]
}

const COMPLAINTS = 3

function complain(text: string): void {
  writeSync(COMPLAINTS, `${text}\n`)
}

// From here on argv is what it would be had Node been given the test file itself.
process.argv.splice(1, 1)
const file = process.argv[1]
if (file === undefined) throw new TypeError('Usage: node test-process.js FILE')

const suites: [string | null, ...SuiteRun[]] = [null]
const globals: typeof globalThis & UvuGlobals = globalThis
globals.UVU_DEFER = true
globals.UVU_INDEX = 0
globals.UVU_QUEUE = [suites]

let verdict: typeof process.exitCode | 'none' = 'none'
let expectedSuites = 0

// Registered before the test file is loaded, so it sees the code before a listener of the file can change it.
process.once('exit', code => {
  if (verdict === 'none') return
  if (code !== verdict) complain(`it exited with code ${code} after its summary`)
  if (suites.length > expectedSuites) complain('a suite was run() after uvu had started: call run() at once')
})

const { exec } = await import('uvu')
await import(pathToFileURL(file).href)

suites.push(async () => {
  const left = process.exitCode
  if (left !== undefined && left !== 0) complain(`it left process.exitCode at ${left}`)
  return [true, 0, 0, 0]
})
// exec() takes the name off the front of the queue it is given.
expectedSuites = suites.length - 1
await exec()
verdict = process.exitCode
