import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { repoRoot } from '../support/repo-root.js'
import { compile, listed } from '../types/compiler.js'
import { type PackedProject, packedProject } from './packed-project.js'
import { codeBlocks, namedFiles } from './readme-blocks.js'

const test = suite('package: the example of docs/testing.md')

const files = namedFiles(codeBlocks(readFileSync(join(repoRoot, 'docs', 'testing.md'), 'utf8')))
const NAMES = ['checkout.ts', 'tasks.ts', 'test-checkout.ts']

let project: PackedProject
test.before(async () => {
  project = (await packedProject()).write(files)
})
test.after(() => project.remove())

test('its tests compile, and pass', async () => {
  assert.equal(Object.keys(files).sort(), NAMES)
  const diagnostics = await compile(project.directory, { files: NAMES, types: ['node'], outDir: 'build' })
  assert.is(diagnostics.length, 0, listed(diagnostics))
  const output = await project.node('build/test-checkout.js')
  assert.match(output, /pass 2/)
  assert.match(output, /fail 0/)
})

test.run()
