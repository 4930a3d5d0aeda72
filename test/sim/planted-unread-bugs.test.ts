import { suite } from 'uvu'
import { Deliveries } from '#src/bridge/deliveries.js'
import { UnreadMessages } from '#src/bridge/unread-messages.js'
import { Planting } from './planting.js'
import { UsersCode } from './users-code.js'

const test = suite('simulation: planted bugs where users have code, and where messages cannot be read')
const planting = new Planting(test, seed => new UsersCode(seed).isBusy)

planting.finds(
  'a callback in the middle of a submission',
  ['edges', 'counts', 'settled-once', 'outcome'],
  Deliveries.prototype,
  'inPlace',
  () => submit => submit(),
)

planting.finds(
  'answers that could not be read, and are forgotten',
  ['hung', 'forgotten', 'slots', 'close', 'retirements'],
  UnreadMessages.prototype,
  'answersSent',
  () => () => true,
)

planting.finds(
  'tasks that could not be read, and are forgotten',
  ['hung', 'forgotten', 'slots', 'close', 'retirements'],
  UnreadMessages.prototype,
  'tasksMissing',
  () => () => {},
)

test.run()
