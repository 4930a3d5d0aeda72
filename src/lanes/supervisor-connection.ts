import { access } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { MessageChannel, Worker } from 'node:worker_threads'
import { connectControl, type Remote } from '../bridge/control.js'
import { OWNER } from '../bridge/owner.js'
import { ThreadPort } from '../bridge/port.js'
import type { SupervisorToSender } from '../bridge/protocol/supervisor-to-sender.js'
import { Sender } from '../bridge/sender.js'
import { SenderBell } from '../bridge/sender-bell.js'
import { Epoch } from '../core/clock.js'
import { ClosedError, LaneError } from '../core/errors.js'
import type { LaneConnection } from './lane.js'
import { setUpLanes } from './lane-config.js'
import { termsOf } from './lane-terms.js'
import { LastOutput } from './last-output.js'
import { monotonicClock } from './monotonic-clock.js'
import { inOwnContext, ownMicrotask, ownTimers } from './own-context.js'
import { type ConnectionTerms, type SenderConnection, tasksOf } from './scheduler-connection.js'
import type { SupervisorControl, SupervisorData } from './supervisor-data.js'
import type { SupervisorStats } from './supervisor-stats.js'
import type { TaskSource } from './task-sight.js'
import { laneEntry, supervisorEntry } from './thread-entries.js'

/**
 * The thread is given this long beyond what its lanes were given, in milliseconds: long enough for threads to load what
 * they had begun to, and for their exits on a busy machine. Node keeps a port for each that is still there when the
 * supervisor goes, and the file that it was opening.
 */
const LAST_RESORT_MS = 1_000

/**
 * One supervisor thread, from its start to its end, and the sender that belongs to it on this thread.
 *
 * The thread is unreferenced, so an idle scheduler does not keep the process; the notice port is what does, while
 * the sender has unfinished tasks.
 */
export class SupervisorConnection implements SenderConnection {
  readonly sender: Sender
  readonly epoch: Epoch
  readonly #worker: Worker
  readonly #control: Remote<SupervisorControl>
  readonly #exited: Promise<void>
  readonly #output: LastOutput
  #closing = false
  /** What the thread died of, if it was an error. */
  #fault: Error | undefined

  constructor({ lanes, past, watcher, report }: ConnectionTerms) {
    // The first use of libuv's pool makes all its threads, and waits until they run; they inherit the niceness of the
    // thread that made them. So it is used here, once, before there is any lane to be niced.
    access('.', () => {})
    const epochOffset = performance.timeOrigin + performance.now() - monotonicClock.now()
    this.epoch = new Epoch(epochOffset, 0)
    const control = new MessageChannel()
    const notices = new MessageChannel()
    const setups = setUpLanes(lanes)
    this.#output = new LastOutput(
      () => this.sender.lastNumber,
      within => this.#control.passOutput(within).catch(() => {}),
    )
    const data: SupervisorData = {
      config: { lanes: setups, epochOffset },
      laneEntry: laneEntry.href,
      control: control.port2,
      notices: notices.port2,
      written: this.#output.count,
    }
    this.#worker = startWorker(data, () => {
      control.port1.close()
      notices.port1.close()
    })
    this.#worker.unref()
    this.#exited = new Promise(resolve => {
      this.#worker.once('exit', () => resolve())
    })
    const noticePort = new ThreadPort(notices.port1)
    this.sender = new Sender(
      noticePort,
      setups.map(termsOf),
      {
        number: OWNER,
        isOfLane: false,
        clock: monotonicClock,
        timers: ownTimers,
        defer: ownMicrotask,
        apart: inOwnContext,
        openPort: port => new ThreadPort(port as ConstructorParameters<typeof ThreadPort>[0]),
        busy: held => noticePort.hold(held),
        report,
        watcher,
        bell: () => new SenderBell(),
      },
      past,
    )
    noticePort.listen(
      message => this.sender.receive(message as SupervisorToSender),
      () => this.#orphaned(undefined),
    )
    this.#worker.on('error', error => {
      this.#fault = error
      this.#orphaned(error)
    })
    this.#control = connectControl<SupervisorControl>(control.port1, [
      'started',
      'stats',
      'close',
      'passOutput',
    ])
    this.#output.watch()
  }

  /** What a lane's face needs to send it tasks. */
  lane(name: string): LaneConnection {
    return { sender: this.sender, lane: this.sender.lane(name), epoch: this.epoch }
  }

  /** Where its unfinished tasks are. */
  get tasks(): TaskSource {
    return tasksOf(this.sender, this.epoch)
  }

  /**
   * Resolves when all lanes are ready, and the sender knows all their threads.
   *
   * @throws LaneError `ERR_LANE_CLOSED` if the supervisor thread itself could not start, with the cause
   */
  async started(): Promise<void> {
    await this.#control.started().catch(error => this.#explain(error))
    // Their ports came another way than this answer, and may still lie unread.
    inOwnContext(() => this.sender.readNotices())
  }

  stats(): Promise<SupervisorStats> {
    return this.#control.stats()
  }

  /**
   * Ends all lanes and the supervisor.
   *
   * @param within milliseconds until what has not gone by itself is ended
   */
  async close(within: number): Promise<void> {
    this.#closing = true
    this.#output.stop()
    this.#worker.ref()
    let stop: () => void = () => {}
    const lastResort = new Promise<void>(resolve => {
      stop = ownTimers.after(within + LAST_RESORT_MS, resolve)
    })
    // Whether it closes in good order or not, it is ended next.
    const closed = this.#control.close(within).catch(() => {})
    await Promise.race([closed, lastResort, this.#exited])
    stop()
    await this.#worker.terminate()
    // Now, rather than when each port has been waited for that nobody will say anything of.
    this.sender.orphaned(new LaneError('ERR_LANE_CLOSED', '', 'the lanes were closed'))
  }

  /** A port that closes does not say why; the thread's own error does, before its exit. */
  async #explain(error: unknown): Promise<never> {
    if (!(error instanceof ClosedError)) throw error
    this.#worker.ref()
    await this.#exited
    const cause = this.#fault
    if (cause === undefined) throw error
    throw notStarted(cause)
  }

  #orphaned(cause: Error | undefined): void {
    if (this.#closing) return
    this.#closing = true
    this.#output.stop()
    this.sender.orphaned(new LaneError('ERR_LANE_CLOSED', '', 'the supervisor thread ended', { cause }))
  }
}

/** @param failed is called before it throws: there can be no such thread now */
function startWorker(workerData: SupervisorData, failed: () => void): Worker {
  const { control, notices } = workerData
  try {
    return new Worker(supervisorEntry, {
      name: 'multilane supervisor',
      workerData,
      transferList: [control, notices],
    })
  } catch (error) {
    failed()
    throw notStarted(error as Error)
  }
}

function notStarted(cause: Error): LaneError {
  const message = `the supervisor thread could not start: ${cause.message}`
  return new LaneError('ERR_LANE_CLOSED', '', message, { cause })
}
