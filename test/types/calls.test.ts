import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { shareNodeTypes } from '../package/packed-project.js'
import { repoRoot } from '../support/repo-root.js'
import { type CompileOptions, compile, parseDiagnostics } from './compiler.js'
import { differences, markedErrors } from './marked-lines.js'

const test = suite('types: what compiles, and what does not')

// Named .txt so that neither the build nor the linter takes their mistakes for its own.
const FIXTURES = join(repoRoot, 'test', 'types', 'fixtures')
const NAMES = readdirSync(FIXTURES)
  .map(name => name.replace(/\.txt$/, ''))
  .sort()

const SETTINGS: Readonly<Record<string, Omit<CompileOptions, 'files'>>> = {
  "with the web's types": { lib: ['ES2022', 'DOM'] },
  "with Node's types": { lib: ['ES2022'], types: ['node'] },
  'as strictly as can be': {
    lib: ['ES2022', 'DOM'],
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
  },
}

let directory = ''
test.before(() => {
  directory = mkdtempSync(join(tmpdir(), 'multilane-types-'))
  mkdirSync(join(directory, 'node_modules'))
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }')
  symlinkSync(repoRoot, join(directory, 'node_modules', 'multilane'), 'junction')
  shareNodeTypes(directory)
  for (const name of NAMES) writeFileSync(join(directory, name), fixture(name))
})
test.after(() => rmSync(directory, { recursive: true, force: true }))

function fixture(name: string): string {
  return readFileSync(join(FIXTURES, `${name}.txt`), 'utf8')
}

for (const [setting, options] of Object.entries(SETTINGS)) {
  test(`the lines that are marked fail, and no others, ${setting}`, async () => {
    const found = await compile(directory, { files: NAMES, noEmit: true, ...options })
    const marked = NAMES.flatMap(name => markedErrors(name, fixture(name)))
    assert.ok(marked.length > 50, 'the fixtures have marks')
    const faults = differences(marked, found)
    assert.is(faults.length, 0, faults.join('\n'))
  })
}

test('an error without a mark is told, and so is a mark without an error', () => {
  const text = 'right()\nwrong() // error: TS1\n'
  const marked = markedErrors('a.ts', text)
  assert.equal(marked, ['a.ts:2 TS1'])
  const right = parseDiagnostics("a.ts(2,1): error TS1: no.\n  It says 'a.ts(1,1): error TS2: no.'\n")
  assert.equal(differences(marked, right), [])
  assert.match(differences(marked, []).join(), /^a\.ts:2 TS1 was to be found/)
  const wrong = parseDiagnostics('a.ts(1,7): error TS1: no.\nerror TS5: of no file.\n')
  assert.is(differences(marked, wrong).length, 3)
  assert.throws(() => markedErrors('a.ts', 'x() // error TS1'), /unreadable mark/)
})

test.run()
