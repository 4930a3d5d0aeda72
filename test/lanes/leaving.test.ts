import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runScript } from '../support/node-script.js'

const test = suite('lanes: what holds the process')

/** Every one of these scripts has to end by itself, without a word on standard error. */
const SCRIPTS = [
  ['a script with idle lanes ends by itself', 'idle', 'urgent bulk\n'],
  ['one whose lanes have grown ends by itself', 'elastic', '10\n10\n'],
  ['one with unfinished tasks waits for them', 'unfinished', 'timed out\nrunning\ndelayed\n'],
  ['one that awaits nothing waits for its start and its task', 'not-awaited', 'started\nanswered\n'],
  ['one whose start failed ends', 'failed-start', 'ERR_LANE_START_TIMEOUT\n'],
  ['one whose lane failed ends', 'lane-failed', 'ERR_LANE_EXITED ERR_LANE_EXITED ERR_LANE_FAILED\n'],
  ['one that waits synchronously, and then stops, ends', 'sync-wait', 'first\nfalse\nlast\n'],
  ['cancelled tasks that go on do not hold it', 'abandoned', 'true\ntrue\n'],
] as const

for (const [name, script, expected] of SCRIPTS) {
  test(name, async () => {
    const { end, stdout, stderr } = await runScript(new URL(`./scripts/${script}.js`, import.meta.url))
    assert.is(stderr, '')
    assert.is(stdout, expected)
    assert.is(end, 0)
  })
}

test.run()
