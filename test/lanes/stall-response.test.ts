import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type AnsweredStall, StallResponse } from '#src/lanes/stall-response.js'
import type { Stall } from '#src/lanes/stall-watch.js'

const test = suite('lanes: what is done about a stall')

const THREAD = 3

function stallOf(report: number, id = 9): Stall {
  const held = { sender: 0, id, task: 77, name: 'quote' }
  const holds = { holder: id, holderSender: 0, sign: 0 }
  return { ...holds, report, lane: 'a', thread: THREAD, silent: 120, candidates: [held] }
}

/** A lane with one thread, held by a task. */
class Rig {
  readonly block = { holder: 9, holderSender: 0, signs: 0 }
  readonly told: AnsweredStall[] = []
  readonly done: string[] = []
  /** How often something may be done. */
  allowed = 1
  isThere = true
  readonly response: StallResponse<never, never>

  constructor(
    onStall: 'report' | 'replace' | 'terminate',
    stackOf: () => Promise<string | undefined> = async () => 'a stack',
  ) {
    const act = (what: string): boolean => {
      if (this.allowed === 0) return false
      this.allowed--
      this.done.push(what)
      return true
    }
    const lane = {
      config: { name: 'a', onStall },
      replaceStalled: () => act('replaced'),
      endStalled: () => act('ended'),
    }
    const thread = { number: THREAD, block: this.block, worker: { threadId: 12 } }
    this.response = new StallResponse({
      find: () => (this.isThere ? ({ lane, thread } as never) : undefined),
      stackOf,
      tell: stall => this.told.push(stall),
    })
  }

  get actions(): readonly unknown[] {
    return this.told.map(({ report, action, stack }) => [report, action, stack])
  }
}

test('report: it is told, with its stack', async () => {
  const rig = new Rig('report')
  await rig.response.begin(stallOf(1))
  rig.response.persists(stallOf(1), 500)
  assert.equal([rig.actions, rig.done], [[[1, 'report', 'a stack']], []])
})

test('replace does not wait for the stack, terminate does', async () => {
  for (const [onStall, before, after] of [
    ['replace', ['replaced'], ['replaced']],
    ['terminate', [], ['ended']],
  ] as const) {
    let give: (stack: string) => void = () => {}
    const rig = new Rig(onStall, () => new Promise(resolve => (give = resolve)))
    const begun = rig.response.begin(stallOf(1))
    assert.equal([rig.done, rig.told], [before, []])
    give('late')
    await begun
    assert.equal([rig.done, rig.actions], [after, [[1, onStall, 'late']]])
  }
})

test('what lets go while its stack is looked at is spared', async () => {
  const rig = new Rig('terminate', async () => {
    rig.block.holder = 0
    return undefined
  })
  await rig.response.begin(stallOf(1))
  assert.equal([rig.done, rig.actions], [[], [[1, 'report', undefined]]])
})

test('what could not be done is tried again as long as it lasts, and told once more when it is', async () => {
  const rig = new Rig('replace')
  rig.allowed = 0
  await rig.response.begin(stallOf(1))
  rig.response.persists(stallOf(1), 200)
  assert.equal(rig.actions, [[1, 'report', 'a stack']])
  rig.allowed = 5
  for (const silent of [300, 400, 500]) rig.response.persists(stallOf(1), silent)
  assert.equal(rig.actions, [
    [1, 'report', 'a stack'],
    [1, 'replace', 'a stack'],
  ])
  assert.equal([rig.told[1]!.silent, rig.done], [300, ['replaced']])
})

test('a thread that is gone is left alone', async () => {
  const rig = new Rig('replace')
  rig.allowed = 0
  await rig.response.begin(stallOf(1))
  rig.response.forget(THREAD)
  rig.allowed = 1
  rig.response.persists(stallOf(1), 300)
  rig.isThere = false
  await rig.response.begin(stallOf(2))
  assert.equal([rig.done, rig.actions], [[], [[1, 'report', 'a stack']]])
})

test('a report for those who did not hear has what was told', async () => {
  const rig = new Rig('replace')
  const stall = stallOf(1)
  await rig.response.begin(stall)
  const { action, stack, silent } = rig.response.answerTo({ ...stall, silent: 900 })
  assert.equal([action, stack, silent], ['replace', 'a stack', 900])
  assert.is(rig.response.answerTo(stallOf(2)).action, 'report')
})

test.run()
