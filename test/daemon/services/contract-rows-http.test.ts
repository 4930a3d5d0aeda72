import { suite } from 'uvu'
import { addRows } from './rows/add-rows.js'
import type { World } from './rows/world.js'
import { createScriptedWorld, type ScriptedWorld } from './scripted-world.js'

const test = suite('daemon: the services, row by row, over HTTP')

let scripted: ScriptedWorld
let world: World

test.before(async () => {
  scripted = await createScriptedWorld()
  const address = await scripted.app.listen({ host: '127.0.0.1', port: 0 })
  world = { ...scripted, request: (path, init) => fetch(`${address}${path}`, init) }
})

test.after(() => scripted.close())

addRows(test, () => world)

test.run()
