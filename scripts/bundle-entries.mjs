/**
 * Makes one CommonJS file of each thread's entry, with piscina and comlink inside.
 *
 * A thread of Node loads a graph of thirty small modules in about the time it takes to boot; one file loads in a
 * tenth of that, and a scheduler starts three such threads. What a task module shares with the bundle (the error
 * classes, the current task) is held on globalThis, so that there is one of it in each thread.
 *
 * The files need nothing beside them, neither each other nor a node_modules folder, so whoever bundles a program can
 * copy them next to it. For that the file piscina starts its threads with is within the lane's entry: piscina finds
 * that file by its own folder, and has no option for it. Nor has it one for a thread that the operating system does not
 * give, see `RefusedWorker`, or for what comes and cannot be read, see `hearThread`.
 */
import { mkdir, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const lanes = fileURLToPath(new URL('../dist/lanes/', import.meta.url))
const threads = join(lanes, 'threads')
const piscina = dirname(createRequire(import.meta.url).resolve('piscina'))

const OWN_FILE = "(0, node_path_1.resolve)(__dirname, 'worker.js')"
const GIVEN_FILE = 'this.options.filename'
const NODES_WORKER = 'new node_worker_threads_1.Worker('
const OUR_WORKER = `require(${JSON.stringify(join(lanes, 'refused-worker.js'))}).startWorker(`
const OWN_EAR = "this.port.on('message', this._handleResponse.bind(this))"
const OUR_EAR = `require(${JSON.stringify(join(lanes, 'pool-answers.js'))}).hearThread(this)`

/**
 * Has piscina start a thread with the file its tasks are in, which is the lane's entry, bear it if there is no thread
 * for it, and hear of what could not be read.
 */
const startThreadsOurWay = {
  name: 'start threads our way',
  setup({ onLoad }) {
    const replace = (filter, ...changes) =>
      onLoad({ filter }, async ({ path }) => {
        let contents = await readFile(path, 'utf8')
        for (const [own, ours] of changes) {
          const parts = contents.split(own)
          if (parts.length !== 2) throw new Error(`piscina no longer has ${own}`)
          contents = parts.join(ours)
        }
        return { contents, loader: 'js' }
      })
    replace(/[\\/]piscina[\\/]dist[\\/]index\.js$/, [OWN_FILE, GIVEN_FILE])
    replace(
      /[\\/]piscina[\\/]dist[\\/]worker_pool[\\/]index\.js$/,
      [NODES_WORKER, OUR_WORKER],
      [OWN_EAR, OUR_EAR],
    )
  },
}

const licence = await readFile(join(piscina, '..', 'LICENSE'), 'utf8')

await rm(threads, { recursive: true, force: true })
await mkdir(threads, { recursive: true })

function bundle(entry, options) {
  return build({
    entryPoints: [join(lanes, entry)],
    outdir: threads,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'cjs',
    // Asked for by piscina only to nice its threads, which lanes do themselves.
    external: ['@napi-rs/nice'],
    legalComments: 'inline',
    banner: { js: `'use strict';\n/*! This file contains parts of piscina:\n\n${licence}*/` },
    logLevel: 'warning',
    ...options,
  })
}

await Promise.all([
  bundle('supervisor-entry.js', { plugins: [startThreadsOurWay] }),
  bundle('lane-entry.js', { inject: [join(piscina, 'worker.js')] }),
  bundle('sync-pool.js', { plugins: [startThreadsOurWay] }),
  bundle('sync-entry.js', { inject: [join(piscina, 'worker.js')] }),
])
