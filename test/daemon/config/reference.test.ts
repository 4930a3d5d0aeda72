import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { FIELD_NAMES } from '#daemon/config/field-names.js'
import { repoRoot } from '../../support/repo-root.js'

const test = suite('daemon config: the reference')

/** The fields that a table's rows begin with. */
function documentedFields(): string[] {
  const text = readFileSync(join(repoRoot, 'daemon', 'docs', 'config.md'), 'utf8')
  const fields = text.slice(text.indexOf('\n## Fields'), text.indexOf('\n### A group'))
  return [...fields.matchAll(/^\| `([^`]+)` \|/gm)].map(match => match[1]!)
}

/** The fields that hold a value; what is only a mapping of others is no row of its own, unless it may be a value. */
function knownFields(): string[] {
  const inner = Object.keys(FIELD_NAMES)
  const onlyMappings = new Set(inner.filter(name => name !== '' && name !== 'job.<name>.retries'))
  return Object.entries(FIELD_NAMES)
    .flatMap(([mapping, names]) => names.map(name => (mapping === '' ? name : `${mapping}.${name}`)))
    .filter(field => !onlyMappings.has(field))
}

test('every field is documented, once, and every documented field exists', () => {
  assert.ok(knownFields().length > 40)
  assert.equal(documentedFields().sort(), knownFields().sort())
})

test.run()
