import { performance } from 'node:perf_hooks'
import { LoopHold } from '../bridge/loop-hold.js'
import { MemoryPort, mailByTurns } from '../bridge/memory-port.js'
import { OpenWaits } from '../bridge/open-waits.js'
import type { Port } from '../bridge/port.js'
import type { SupervisorToSender } from '../bridge/protocol/supervisor-to-sender.js'
import { Sender } from '../bridge/sender.js'
import { Epoch } from '../core/clock.js'
import { LaneError } from '../core/errors.js'
import { HandleRevival } from './handle-revival.js'
import { InlineSupervisor } from './inline-supervisor.js'
import type { LaneConnection } from './lane.js'
import { setUpLanes } from './lane-config.js'
import { termsOf } from './lane-terms.js'
import { monotonicClock } from './monotonic-clock.js'
import { nextTurn, ownMicrotask, ownTimers } from './own-context.js'
import { type ConnectionTerms, type SenderConnection, tasksOf } from './scheduler-connection.js'
import { SharedPatience } from './shared-patience.js'
import type { SupervisorStats } from './supervisor-stats.js'
import type { TaskModule } from './task-module.js'
import type { TaskSource } from './task-sight.js'

/** Whatever a lane's `threads` say. */
const ONE_LOOP = { min: 1, max: 1 }

/**
 * Lanes on the present thread, and the sender that belongs to them. The sender and the run loops are those that
 * threads have; between them are memory ports, which clone what goes through them and deliver it in a later turn.
 *
 * The process is held while the lanes start, while the sender has unfinished tasks, and while the lanes leave.
 */
export class InlineConnection implements SenderConnection {
  readonly sender: Sender
  readonly epoch = new Epoch(performance.timeOrigin + performance.now(), monotonicClock.now())
  readonly #notices: MemoryPort
  readonly #supervisor: InlineSupervisor
  readonly #hold = new LoopHold()
  readonly #patience = new SharedPatience(ownTimers)
  readonly #started: Promise<void>
  /** That the lanes have left, while they do. */
  #left: Promise<void> | null = null

  /** @param given by lane: the functions it was given in place of a module */
  constructor(
    { lanes, faces, past, watcher, report }: ConnectionTerms,
    given: ReadonlyMap<string, TaskModule>,
  ) {
    const mail = mailByTurns(nextTurn)
    const setups = setUpLanes(lanes)
    const [near, far] = MemoryPort.pair(mail)
    const offered = new Map<unknown, Port>()
    this.#notices = near
    this.sender = new Sender(
      near,
      setups.map(setup => ({ ...termsOf(setup), threads: ONE_LOOP })),
      {
        number: 0,
        isOfLane: false,
        clock: monotonicClock,
        timers: ownTimers,
        defer: ownMicrotask,
        openPort: number => offered.get(number)!,
        busy: held => near.hold(held),
        report,
        watcher,
      },
      past,
    )
    near.listen(
      message => this.sender.receive(message as SupervisorToSender),
      () => {},
    )
    const revival = new HandleRevival(this.sender, this.epoch)
    const { table } = this.sender.sent
    const waits = new OpenWaits({
      reports: () => this.sender.reports,
      titleOf: ({ id }) => this.#supervisor.titleOf(id),
      // No thread is blocked here by a wait.
      running: () => undefined,
      started: () => [],
    })
    this.#supervisor = new InlineSupervisor({
      lanes: setups,
      given,
      faces,
      awaits: (...wait) => waits.begin(...wait),
      revive: (args, list, lane) => revival.revive(args, list as readonly unknown[], lane),
      epoch: this.epoch,
      table,
      notices: far,
      mail,
      offer: (number, port) => offered.set(number, port),
      report,
    })
    this.#hold.set(true)
    this.#started = this.#supervisor.start().finally(() => this.#hold.set(false))
    this.#started.catch(() => {})
  }

  lane(name: string): LaneConnection {
    return { sender: this.sender, lane: this.sender.lane(name), epoch: this.epoch }
  }

  get tasks(): TaskSource {
    return tasksOf(this.sender, this.epoch)
  }

  async started(): Promise<void> {
    await this.#started
    this.sender.readNotices()
  }

  async stats(): Promise<SupervisorStats> {
    return this.#supervisor.stats()
  }

  async close(within: number): Promise<void> {
    const { over, stop } = this.#patience.begin(within)
    // One that is asked to leave once more answers at once.
    this.#left ??= this.#supervisor.leave()
    const left = this.#left
    await this.#started.catch(() => {})
    this.#hold.set(true)
    await Promise.race([left, over])
    this.#left = null
    stop()
    // First: a port that the other side closes is waited for, in case somebody says why.
    this.sender.orphaned(new LaneError('ERR_LANE_CLOSED', '', 'the lanes were closed'))
    this.#supervisor.close()
    this.#notices.close()
    this.#hold.set(false)
  }
}
