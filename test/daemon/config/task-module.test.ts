import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { errorOf, inFolder, parse } from './config-text.js'

const test = suite('daemon config: task modules')

/** A configuration's folder beside a module that it must not reach, with links of each kind. */
function inWorld(use: (folder: string, above: string) => void): Promise<void> {
  return inFolder(root => {
    const above = realpathSync(root)
    const folder = join(above, 'config')
    mkdirSync(join(folder, 'jobs'), { recursive: true })
    writeFileSync(join(folder, 'jobs', 'a #1 50%.js'), '')
    writeFileSync(join(folder, 'jobs', 'a.js'), '')
    writeFileSync(join(above, 'outside.js'), '')
    symlinkSync('../../outside.js', join(folder, 'jobs', 'out.js'))
    symlinkSync('../..', join(folder, 'jobs', 'up'))
    symlinkSync('a.js', join(folder, 'jobs', 'in.js'))
    symlinkSync('loop.js', join(folder, 'jobs', 'loop.js'))
    symlinkSync('config', join(above, 'link-to-config'))
    use(folder, above)
  })
}

function moduleOf(task: string, folder: string): string {
  const work = parse(`job: {a: {task: ${JSON.stringify(task)}}}`, { folder }).jobs.get('a')?.work
  assert.is(work?.kind, 'task')
  return work?.kind === 'task' ? `${work.module}#${work.exported}` : ''
}

function refusal(task: string, folder: string): string {
  const { problems } = errorOf(`job:\n  a:\n    task: ${JSON.stringify(task)}`, { folder })
  assert.equal(
    problems.map(({ line, column, path }) => [line, column, path]),
    [[3, 11, 'job.a.task']],
  )
  return problems[0]?.message ?? ''
}

test('a module below the folder is fixed as the URL of its real file', () =>
  inWorld((folder, above) => {
    const url = (name: string) => pathToFileURL(join(folder, 'jobs', name)).href
    assert.is(moduleOf('./jobs/a.js#run', folder), `${url('a.js')}#run`)
    assert.is(moduleOf('jobs/a.js#default', folder), `${url('a.js')}#default`)
    assert.is(moduleOf('./jobs/../jobs/a.js#$run_2', folder), `${url('a.js')}#$run_2`)
    assert.is(moduleOf('./jobs/in.js#run', folder), `${url('a.js')}#run`)
    assert.is(moduleOf('./jobs/a #1 50%.js#run', folder), `${url('a #1 50%.js')}#run`)
    assert.is(moduleOf('./jobs/a.js#run', join(above, 'link-to-config')), `${url('a.js')}#run`)
  }))

test('what lies outside the folder is refused, whichever way it is named', () =>
  inWorld((folder, above) => {
    const ways = ['../outside.js', './jobs/../../outside.js', join(above, 'outside.js'), './jobs/out.js']
    for (const way of [...ways, './jobs/up/outside.js', '../missing.js', '..', '.']) {
      assert.match(
        refusal(`${way}#run`, folder),
        /lies outside the configuration's folder; write \.\/jobs/,
        way,
      )
    }
  }))

test('a URL is refused', () =>
  inWorld((folder, above) => {
    const urls = [pathToFileURL(join(folder, 'jobs', 'a.js')).href, 'node:fs', 'data:text/javascript,1']
    for (const url of [...urls, 'https://a.example/a.js', pathToFileURL(join(above, 'outside.js')).href]) {
      assert.match(refusal(`${url}#run`, folder), /is a URL; write a path below/, url)
    }
  }))

test('a module that is not there, or no file, is refused', () =>
  inWorld(folder => {
    assert.match(
      refusal('./jobs/gone.js#run', folder),
      /"\.\/jobs\/gone\.js" cannot be read \(there is no such file\)/,
    )
    assert.match(refusal('./jobs#run', folder), /"\.\/jobs" is not a file/)
    assert.match(refusal('./jobs/loop.js#run', folder), /cannot be read \(ELOOP\)/)
    assert.match(refusal('./jobs/a.js/b.js#run', folder), /cannot be read \(ENOTDIR\)/)
    assert.match(refusal('./jobs/%2e%2e/a.js#run', folder), /there is no such file/)
  }))

test('a module without an export, or with what cannot be one, is refused', () =>
  inWorld(folder => {
    for (const task of [
      './jobs/a.js',
      './jobs/a.js#',
      '#run',
      './jobs/a.js#a b',
      './jobs/a.js#1',
      './jobs/a.js#a.b',
    ]) {
      assert.match(
        refusal(task, folder),
        /is not a module and its export; write \.\/jobs\/files\.js#checksum/,
        task,
      )
    }
  }))

test.run()
