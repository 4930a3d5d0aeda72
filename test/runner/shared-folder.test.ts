import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { SHARED, sharedFolder } from '../support/shared-folder.js'
import { plantTests, startRunner, suiteFile } from './fixture-tree.js'

const test = suite('runner: what the files of one run share')

const before = process.env[SHARED]
let root: string
test.before.each(() => {
  root = mkdtempSync(join(tmpdir(), 'multilane-shared-test-'))
  process.env[SHARED] = root
})
test.after.each(() => {
  rmSync(root, { recursive: true, force: true })
  if (before === undefined) delete process.env[SHARED]
  else process.env[SHARED] = before
})

test('it is made once, however many ask for it, and each gets it made', async () => {
  let made = 0
  const make = async (folder: string): Promise<void> => {
    made++
    await new Promise(resolve => setTimeout(resolve, 20))
    writeFileSync(join(folder, 'a'), '')
  }
  const folders = await Promise.all([1, 2, 3].map(() => sharedFolder('thing', make)))
  assert.is(made, 1)
  assert.equal(new Set(folders).size, 1)
  assert.equal(readdirSync(folders[0]!), ['a'])
  assert.is.not(await sharedFolder('other', make), folders[0])
})

test('that it could not be made is told to all who ask', async () => {
  const make = () => Promise.reject(new TypeError('no room'))
  const ends = await Promise.allSettled([1, 2].map(() => sharedFolder('thing', make)))
  for (const end of ends) assert.match(end.status === 'rejected' ? `${end.reason}` : '', /TypeError: no room/)
})

test('who waits too long for the one that makes it makes it alone', async () => {
  mkdirSync(join(root, 'thing'))
  const own = await sharedFolder('thing', async folder => writeFileSync(join(folder, 'a'), ''), 100)
  assert.is.not(own, join(root, 'thing'))
  assert.equal(readdirSync(own), ['a'])
})

test('the runner makes a folder for each run, and takes it away', async () => {
  const tells = suiteFile(`test('tells', () => console.log('shared: ' + process.env.${SHARED}))\ntest.run()`)
  const tree = plantTests({ one: tells, two: tells })
  try {
    const { stdout } = await startRunner(tree, ['--verbose']).outcome
    const folders = [...stdout.matchAll(/shared: (\S+)/g)].map(([, folder = '']) => folder)
    assert.is(folders.length, 2)
    assert.is(folders[0], folders[1])
    assert.is.not(folders[0], root)
    assert.not.ok(existsSync(folders[0]!))
  } finally {
    tree.remove()
  }
})

test.run()
