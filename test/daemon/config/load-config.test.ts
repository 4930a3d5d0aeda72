import { mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ConfigError } from '#daemon/config/config-error.js'
import { loadConfig } from '#daemon/config/load-config.js'
import { rejectionOf } from '../../support/rejection.js'
import { inFolder } from './config-text.js'

const test = suite('daemon config: files')

test('relative paths start at the folder of the file', () =>
  inFolder(async folder => {
    const file = join(folder, 'm.yaml')
    writeFileSync(file, '\uFEFFdata: ./d\r\nwork: {log: w.txt}\r\njob: {a: x}\r\n')
    const config = await loadConfig(file, {
      overrides: { port: 1 },
      env: { MULTILANED_READ_TOKEN: 'r'.repeat(16) },
    })
    assert.is(config.data, join(folder, 'd'))
    assert.is(config.work.logFile, join(folder, 'w.txt'))
    assert.equal(config.jobs.get('a')?.work, { kind: 'shell', command: 'x', cwd: folder, env: {} })
    assert.is(config.listen.port, 1)
    assert.is(config.tokens.read, 'r'.repeat(16))
  }))

test('errors name the file as it was named', () =>
  inFolder(async folder => {
    const file = join(realpathSync(folder), 'm.yaml')
    writeFileSync(file, '# Lines may end so.\r\nlog:\r\n  level: x\r\n')
    const error = await rejectionOf(loadConfig(file), ConfigError)
    assert.ok(error.message.startsWith(`${file}:3:10: log.level: "x" is none of`), error.message)
    assert.is(error.file, file)
  }))

test('a file that cannot be read is refused', () =>
  inFolder(async folder => {
    mkdirSync(join(folder, 'folder'))
    const missing = await rejectionOf(loadConfig(join(folder, 'gone.yaml')), ConfigError)
    assert.match(missing.message, /gone\.yaml: cannot be read: ENOENT/)
    assert.match(
      (await rejectionOf(loadConfig(join(folder, 'folder')), ConfigError)).message,
      /cannot be read: EISDIR/,
    )
  }))

test('a huge file and an endless one are refused without being read to their end', () =>
  inFolder(async folder => {
    const file = join(folder, 'm.yaml')
    writeFileSync(file, `# ${'x'.repeat(1024 ** 2)}`)
    assert.match((await rejectionOf(loadConfig(file), ConfigError)).message, /is larger than 1048576 bytes/)
    assert.match(
      (await rejectionOf(loadConfig('/dev/zero'), ConfigError)).message,
      /is larger than 1048576 bytes/,
    )
  }))

test('what is not UTF-8 is refused', () =>
  inFolder(async folder => {
    const file = join(folder, 'm.yaml')
    writeFileSync(file, Buffer.from([0x61, 0x3a, 0x20, 0xff, 0xfe]))
    assert.match((await rejectionOf(loadConfig(file), ConfigError)).message, /is not text in UTF-8/)
  }))

test.run()
