import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { firstDifference, parsePage } from './doc-pages.js'

const test = suite('package: how the pages of docs are read')

const block = (language: string, ...lines: string[]) =>
  ['```', language, '\n', ...lines.map(line => `${line}\n`), '```\n'].join('')

test('a block with a file name is a file, and each main is a program with the text that follows', () => {
  const page = parsePage(
    'docs/a.md',
    [
      block('ts', '// tasks.ts', 'export const one = () => 1'),
      block('text', 'not the output of a program'),
      block('ts', '// main.ts', 'one()'),
      block('text', '1'),
      block('text', 'something else'),
      block('js', '// old/worker.mjs', 'two()'),
      block('js', '// main-other.mjs', 'two()'),
      block('sh', 'npm start'),
    ].join('\n'),
  )
  assert.equal(Object.keys(page.files), ['tasks.ts', 'main.ts', 'old/worker.mjs', 'main-other.mjs'])
  assert.equal(page.programs, [
    { file: 'main.ts', output: '1\n' },
    { file: 'main-other.mjs', output: undefined },
  ])
})

test('a file shown twice is noticed, and a name that leads out of the folder is none', () => {
  const twice = block('ts', '// main.ts', 'first()') + block('ts', '// main.ts', 'second()')
  const page = parsePage('docs/a.md', twice)
  assert.equal(page.shownTwice, ['main.ts'])
  assert.is(page.files['main.ts'], '// main.ts\nfirst()\n')
  assert.is(page.programs.length, 1)
  assert.equal(parsePage('docs/a.md', block('ts', '// ../main.ts')).files, {})
})

test('what was printed is compared line by line, and … stands for anything', () => {
  assert.is(firstDifference('a (1)\nb\n', 'a (1)\nb\n'), undefined)
  assert.is(firstDifference('took … ms of …\n', 'took 12.5 ms of 20\n'), undefined)
  assert.match(firstDifference('a\nb\n', 'a\nc\n') ?? '', /^line 2: the page says 'b', it printed 'c'$/)
  assert.match(firstDifference('a\n', 'a\nmore\n') ?? '', /it printed 'more'/)
  assert.match(firstDifference('a\nb\n', 'a\n') ?? '', /it printed ''/)
  assert.match(firstDifference('…a', 'ab') ?? '', /^line 1/)
})

test.run()
