import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { repoRoot } from '../support/repo-root.js'
import { skipUnless } from '../support/skip.js'
import { compareCodes, documentedCodes, registeredCodes } from './rules/error-codes.js'

const test = suite('tidy: error codes and their docs')

const REGISTRY = join(repoRoot, 'src', 'core', 'errors.ts')
const DOCS = join(repoRoot, 'docs', 'errors.md')

test('the codes of the registry are read', () => {
  const text = `
    // ERROR_CODES = { ERR_IN_COMMENT: 1 }
    export const ERROR_CODES: Codes = Object.freeze({
      ERR_CLOSED: 'closed; see { ERR_IN_TEXT: }',
      // ERR_GONE: 'no longer'
      ERR_QUEUE_FULL: 'full',
    } as const)
    const other = { ERR_ELSEWHERE: 1 }`
  assert.equal(registeredCodes(text), ['ERR_CLOSED', 'ERR_QUEUE_FULL'])
  assert.is(registeredCodes('export const CODES = {}'), undefined)
})

test('a code is documented by a heading or by the row that begins with it', () => {
  const text = [
    '# Errors',
    '## `ERR_CLOSED`',
    'Not to be mistaken for ERR_LANE_FAILED.',
    '| code | meaning |',
    '| `ERR_QUEUE_FULL` | unlike ERR_CLOSED, try again |',
    '| [ERR_DROPPED](#dropped) | dropped |',
    '| other | ERR_OTHER |',
  ].join('\n')
  assert.equal(documentedCodes(text), ['ERR_CLOSED', 'ERR_QUEUE_FULL', 'ERR_DROPPED'])
})

test('registry and docs are compared both ways', () => {
  assert.equal(compareCodes(['ERR_A', 'ERR_B'], ['ERR_B', 'ERR_A']), [])
  assert.match(compareCodes(['ERR_A', 'ERR_B'], ['ERR_B']).join(), /^ERR_A: give it a heading/)
  assert.match(compareCodes(['ERR_A'], ['ERR_A', 'ERR_B']).join(), /^ERR_B: docs\/errors\.md describes it/)
  assert.match(compareCodes(['ERR_A'], ['ERR_A', 'ERR_A']).join(), /^ERR_A: describe it once/)
})

const withDocs = skipUnless(existsSync(REGISTRY) && existsSync(DOCS), 'needs docs/errors.md and the registry')
withDocs(test)('every code is documented, and every documented code exists', () => {
  const registered = registeredCodes(readFileSync(REGISTRY, 'utf8')) ?? []
  assert.ok(registered.length > 0, 'src/core/errors.ts has no ERROR_CODES = Object.freeze({ … })')
  const faults = compareCodes(registered, documentedCodes(readFileSync(DOCS, 'utf8')))
  assert.is(faults.length, 0, faults.join('\n'))
})

test.run()
