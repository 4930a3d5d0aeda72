/**
 * Runs the tests on other versions of Node than the one at hand: `npm run test:nodes`.
 *
 *     node scripts/test-nodes.mjs [--node MAJOR]… [--skip-missing] [FILTER…]
 *
 * Each binary comes from the npm package `node`, into build/nodes, and is there for the next time. One line is printed
 * for each version; of one that fails, what it printed too, which is to be read in build/nodes/MAJOR.log while it runs.
 * A version that cannot be installed fails, unless --skip-missing says that it need not be there.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const MAJORS = ['22', '24', '26']

const root = fileURLToPath(new URL('..', import.meta.url))
const runner = join(root, 'build', 'test', 'support', 'runner', 'cli.js')
const windows = process.platform === 'win32'

const { values, positionals: filters } = parseArgs({
  allowPositionals: true,
  options: {
    node: { type: 'string', multiple: true, default: MAJORS },
    'skip-missing': { type: 'boolean', default: false },
  },
})

/** An npm that runs this script would have the one started here take the repository for its folder. */
function environment(path) {
  const kept = Object.entries(process.env).filter(([name]) => !/^(?:npm_|INIT_CWD$)/.test(name))
  return { ...Object.fromEntries(kept), PATH: path }
}

/**
 * Runs a program to its end. @param log a file that what it prints is added to as it comes
 * @returns its exit code and what it printed, in the order it came
 */
async function run(program, args, { cwd = root, path = process.env.PATH, log } = {}) {
  const child = spawn(program, args, {
    cwd,
    env: environment(path),
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: windows && program === 'npm',
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', text => {
      output += text
      if (log !== undefined) appendFileSync(log, text)
    })
  }
  const closed = once(child, 'close').catch(error => {
    output += error.message
    return [-1]
  })
  const [code] = await closed
  return { code, output }
}

/** The exact version of a binary, if it is there, runs, and is of the major version asked for. */
async function versionOf(binary, major) {
  if (!existsSync(binary)) return undefined
  const { output } = await run(binary, ['--version'])
  const version = output.trim().replace(/^v/, '')
  return version.startsWith(`${major}.`) ? version : undefined
}

/** @returns the binary and its version, or why there is none */
async function install(major) {
  const folder = join(root, 'build', 'nodes', major)
  const binary = join(folder, 'node_modules', 'node', 'bin', windows ? 'node.exe' : 'node')
  const there = await versionOf(binary, major)
  if (there !== undefined) return { binary, version: there }
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  const args = ['install', '--no-save', '--no-package-lock', '--no-audit', '--no-fund', `node@${major}`]
  const { output } = await run('npm', args, { cwd: folder })
  const version = await versionOf(binary, major)
  if (version !== undefined) return { binary, version }
  const reason = /^npm (?:error|ERR!) (?!code\b)(.+)$/m.exec(output)?.[1]
  return { missing: reason ?? 'npm installed the package, but no binary that runs came with it' }
}

/** @returns whether the version is as it should be */
async function test(major) {
  const { binary, version, missing } = await install(major)
  if (missing !== undefined) {
    const skipped = values['skip-missing']
    console.log(`node ${major}: ${skipped ? 'skipped' : 'FAILED'}, it cannot be installed: ${missing}`)
    return skipped
  }
  // First on the path as well, for what asks for `node` there, such as npm.
  const path = dirname(binary) + delimiter + process.env.PATH
  const log = join(root, 'build', 'nodes', `${major}.log`)
  writeFileSync(log, '')
  const { code, output } = await run(binary, [runner, ...filters], { path, log })
  const sum =
    /^\d+ passed, \d+ failed, \d+ skipped$/m.exec(output)?.[0] ?? 'the tests did not come to their end'
  if (code !== 0) console.log(output)
  console.log(`node ${version}: ${code === 0 ? 'ok' : 'FAILED'}, ${sum}`)
  return code === 0
}

const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
console.log(`The library says it needs Node ${engines.node}; this is ${process.versions.node}.`)
let good = true
// One after another: the tests have an eye on the time, and want the machine for themselves.
for (const major of values.node) good = (await test(major)) && good
process.exitCode = good ? 0 : 1
