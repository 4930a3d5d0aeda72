import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pythonList } from '#daemon/http/services/python-repr.js'

const test = suite('daemon: lists as Python writes them')

// Each pair is what Python 3 prints for the list of the one text.
const WRITTEN: readonly (readonly [text: string, list: string])[] = [
  ['job_b1', "['job_b1']"],
  ['', "['']"],
  ["it's", `["it's"]`],
  ['say "x"', `['say "x"']`],
  [`it's "x"`, `['it\\'s "x"']`],
  ['a\\b', "['a\\\\b']"],
  ['a\nb\r\t', "['a\\nb\\r\\t']"],
  ['\0\x1b\x7f\x85', "['\\x00\\x1b\\x7f\\x85']"],
  ['\u200b\u2028\ufeff', "['\\u200b\\u2028\\ufeff']"],
  ['\u00a0', "['\\xa0']"],
  ['é ☃ 😀', "['é ☃ 😀']"],
  ['\ud800', "['\\ud800']"],
  ['\u{e0001}', "['\\U000e0001']"],
]

for (const [text, list] of WRITTEN) {
  test(`a list of ${JSON.stringify(text)}`, () => assert.is(pythonList([text]), list))
}

test('several texts, and none', () => {
  assert.is(pythonList(['a', 'b c', "d'"]), `['a', 'b c', "d'"]`)
  assert.is(pythonList([]), '[]')
})

test.run()
