/**
 * Makes one CommonJS file of each thread's entry.
 *
 * A thread of Node loads a graph of thirty small modules in about the time it takes to boot; one file loads in a
 * tenth of that, and a scheduler starts three such threads. What a task module shares with the bundle (the error
 * classes, the current task) is held on globalThis, so that there is one of it in each thread.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const dist = fileURLToPath(new URL('../dist/', import.meta.url))

await build({
  entryPoints: ['lanes/supervisor-entry.js', 'lanes/lane-entry.js'].map(entry => join(dist, entry)),
  outdir: join(dist, 'lanes'),
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  external: ['piscina', 'comlink'],
  define: { 'import.meta.url': 'entryUrl' },
  banner: { js: "'use strict'; const entryUrl = require('node:url').pathToFileURL(__filename).href;" },
  logLevel: 'warning',
})
