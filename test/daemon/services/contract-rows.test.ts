import { suite } from 'uvu'
import { addRows } from './rows/add-rows.js'
import { createScriptedWorld, type ScriptedWorld } from './scripted-world.js'

const test = suite('daemon: the services, row by row, without a connection')

let world: ScriptedWorld

test.before(async () => {
  world = await createScriptedWorld()
})

test.after(() => world.close())

addRows(test, () => world)

test.run()
