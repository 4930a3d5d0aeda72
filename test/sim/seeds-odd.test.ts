// @time-limit 300s
import { suite } from 'uvu'
import { runShare } from './seed-batch.js'

const test = suite('simulation: odd seeds')

test('every seed settles every task once, whatever happens', () => runShare(1, 2))

test.run()
