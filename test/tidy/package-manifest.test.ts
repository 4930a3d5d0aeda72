import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { repoRoot } from '../support/repo-root.js'
import { findLockFaults, findManifestFaults } from './rules/package-manifest.js'

const test = suite('tidy: package.json and its lock')

const GOOD = {
  type: 'module',
  engines: { node: '>=20.19' },
  dependencies: { piscina: '^5.0.0', comlink: '^4.0.0' },
}

function faultsWith(change: Readonly<Record<string, unknown>>): string {
  return findManifestFaults(JSON.stringify({ ...GOOD, ...change })).join('; ')
}

test('a manifest as it should be has no faults', () => assert.is(faultsWith({}), ''))

test('a dependency too many or too few is found', () => {
  assert.match(faultsWith({ dependencies: { ...GOOD.dependencies, pino: '9' } }), /comlink and piscina, not/)
  assert.match(faultsWith({ dependencies: { piscina: '^5.0.0' } }), /not piscina$/)
  assert.match(faultsWith({ dependencies: undefined }), /not none$/)
  assert.match(faultsWith({ peerDependencies: { uvu: '*' } }), /remove peerDependencies/)
})

test('another engine or module type is found', () => {
  assert.match(faultsWith({ engines: { node: '>=18' } }), /engines\.node must be/)
  assert.match(faultsWith({ engines: undefined }), /engines\.node must be/)
  assert.match(faultsWith({ type: 'commonjs' }), /type must be/)
})

test('an address in the lock file is found', () => {
  const lock = (resolved: string) => JSON.stringify({ packages: { a: { resolved } } }, null, 2)
  assert.match(findLockFaults(lock('https://registry.example/a.tgz')).join(), /^line 4: remove the address/)
  assert.is(findLockFaults(lock('git+ssh://git@example.org/a.git')).length, 1)
  assert.equal(findLockFaults(lock('bench')), [])
})

test('package.json is as it should be', () => {
  assert.equal(findManifestFaults(readFileSync(join(repoRoot, 'package.json'), 'utf8')), [])
})

test('package-lock.json names no address', () => {
  assert.equal(findLockFaults(readFileSync(join(repoRoot, 'package-lock.json'), 'utf8')), [])
})

test.run()
