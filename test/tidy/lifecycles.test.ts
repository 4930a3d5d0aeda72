import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { repoRoot } from '../support/repo-root.js'
import { readSources } from '../support/source-tree.js'
import { compareEnds } from './rules/documented-ends.js'
import { explain } from './rules/finding.js'
import { looseEnds, memberAt } from './rules/loose-ends.js'
import { codeStates, compareStates, essayStates } from './rules/state-tables.js'

const test = suite('tidy: lifecycles')

const SOURCE = `
// port.postMessage('in a comment')
export class One {
  readonly #timers: Timers
  static async begin(): Promise<void> {
    this.#port.post({ type: 'begun', at: 1 })
    this.#timers.after(5, () => {
      setTimeout(again, 1)
    })
  }

  get #two(): number {
    return port.on('message', () => 'type: of nothing')
  }
}

type Begun = { type: 'begun'; at: number }

export function open(): void {
  const { port1 } = new MessageChannel()
}
`
const source = { path: 'src/lanes/one.ts', text: SOURCE }

test('what is started is found with its member, and how often', () => {
  const found = looseEnds(source)
  const of = (kind: string) => [...(found.get(kind as 'timer') ?? [])].flat()
  assert.equal(of('message'), ["lanes/one 'begun'", 1])
  assert.equal(of('post'), ['lanes/one.begin', 1])
  assert.equal(of('timer'), ['lanes/one.begin', 2])
  assert.equal(of('listener'), ['lanes/one.#two', 1])
  assert.equal(of('opening'), ['lanes/one.open', 1])
  assert.is(memberAt(SOURCE, SOURCE.indexOf('MessageChannel')), 'open')
})

const PAGE = `
## Messages

| message | sent |
|---|---|
| \`lanes/one 'begun'\` | |

## Posting

| place | what |
|---|---|
| \`lanes/one.begin\` | |

## Timers

| place | armed for |
|---|---|
| \`lanes/one.begin\` ×2 | |

## Listeners

| place | listens to |
|---|---|
| \`lanes/one.#two\` | |

## Threads, ports and processes

| place | opens |
|---|---|
| \`lanes/one.open\` | |
`

test('the page and the source are compared both ways', () => {
  const compare = (text: string) =>
    compareEnds({ path: 'page.md', text }, [source]).map(({ message }) => message)
  assert.equal(compare(PAGE), [])
  assert.match(compare(PAGE.replace('| `lanes/one.open` | |\n', '')).join(), /^Describe `lanes\/one\.open`/)
  assert.match(compare(PAGE.replace(' ×2', '')).join(), /^There are 2 of lanes\/one\.begin/)
  const gone = compare(
    PAGE.replace("| `lanes/one 'begun'` | |", "| `lanes/one 'begun'` | |\n| `lanes/one 'gone'` | |"),
  )
  assert.match(gone.join(), /^The source has no message lanes\/one 'gone'/)
  const twice = compare(
    PAGE.replace('| `lanes/one.open` | |', '| `lanes/one.open` | |\n| `lanes/one.open` | |'),
  )
  assert.match(twice.join(), /^Describe lanes\/one\.open once/)
})

const MACHINE = `
/**
 * | mode    | meaning     |
 * |---------|-------------|
 * | \`here\`  | it is here, |
 * |         | for now     |
 * | \`there\` | it is there |
 */
class Machine {
  #mode: 'here' | 'there' = 'here'
}`

test('the states of the code, of the table above it and of the page are compared', () => {
  const machine = { path: 'src/lanes/machine.ts', text: MACHINE }
  assert.equal(essayStates(machine), ['here', 'there'])
  assert.equal(codeStates(machine), ['here', 'there'])
  const states = (...names: string[]) =>
    `\n## States\n\n### \`lanes/machine\`: it\n\n| mode | x |\n|---|---|\n${names.map(name => `| ${name} | |\n`).join('')}`
  const compare = (text: string, code = MACHINE) =>
    compareStates({ path: 'page.md', text }, [{ ...machine, text: code }]).map(({ message }) => message)
  assert.equal(compare(states('here', 'there')), [])
  assert.match(compare(states('here')).join(), /^lanes\/machine has here,there/)
  assert.match(compare('').join(), /^Give lanes\/machine a table/)
  const more = MACHINE.replace("| 'there'", "| 'there' | 'gone'")
  assert.match(compare(states('here', 'there'), more).join(), /the code here,there,gone/)
  assert.match(compare('', MACHINE.replace(/\/\*\*[\s\S]*\*\//, '')).join(), /^Give its modes a table/)
  const otherwise = '/**\n * | it is | left by |\n * |-------|---------|\n * | here  | a word  |\n */'
  assert.match(compare('', otherwise).join(), /^Give lanes\/machine a table/)
})

const page = {
  path: 'docs/lifecycles.md',
  text: readFileSync(join(repoRoot, 'docs', 'lifecycles.md'), 'utf8'),
}
const sources = readSources('src').filter(({ path }) => !path.startsWith('src/bridge/protocol/'))

test('all that is started in src is in docs/lifecycles.md, with what ends it', () => {
  const findings = compareEnds(page, sources)
  assert.is(findings.length, 0, explain(findings))
})

test('its tables have the states of the code', () => {
  const findings = compareStates(page, sources)
  assert.is(findings.length, 0, explain(findings))
})

test.run()
