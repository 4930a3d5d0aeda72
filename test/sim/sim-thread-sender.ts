import type { OpenWaits } from '#src/bridge/open-waits.js'
import type { LaneCutOff, LaneSends } from '#src/bridge/protocol/lane-to-supervisor.js'
import type { ThreadBlock } from '#src/bridge/thread-block.js'
import { Epoch } from '#src/core/clock.js'
import { TaskCanceledError } from '#src/core/errors.js'
import { ThreadSender } from '#src/lanes/thread-sender.js'
import { SimBell } from './sim-bell.js'
import type { SimPort } from './sim-port.js'
import { SimSender } from './sim-sender.js'
import type { SimThread } from './sim-thread.js'
import type { ThreadSurroundings } from './thread-surroundings.js'

/** A look at the bell takes so long. */
const LOOK_MS = 0.005

/** The real sender of a lane thread, on simulated ports. */
export class SimThreadSender {
  readonly sender: SimSender
  #own!: ThreadSender

  /** @param tell what the thread tells the supervisor */
  constructor(
    thread: SimThread,
    surroundings: ThreadSurroundings,
    block: ThreadBlock,
    tell: (message: LaneSends | LaneCutOff, transfer?: readonly object[]) => void,
  ) {
    const { world, channels, terms } = surroundings
    const { actor, timers, sendingPorts } = thread
    this.sender = new SimSender(thread.id, actor, surroundings, sender => {
      const noted = (port: SimPort): SimPort => {
        sendingPorts.push(port)
        return port
      }
      // The first that it opens is that to the supervisor.
      let open = (end: unknown): SimPort => {
        open = token => noted(sender.openPort(token))
        return noted(sender.openNotices(end))
      }
      this.#own = new ThreadSender(
        terms,
        {
          thread: thread.id,
          places: thread.places,
          functionOf: job => String(job.index),
          running: () => thread.running,
          reads: thread.reads,
          started: () => thread.loop!.started,
          blocking: isBlocked => {
            if (isBlocked) thread.loop!.flushAll()
            block.isBlocked = isBlocked
            if (!isBlocked) thread.loop!.reportRoom()
          },
          whileBlocked: () => thread.loop!.serve(),
          interruption: () => {
            const job = thread.running
            return job?.source.isCancelled(job) === true
              ? new TaskCanceledError(String(job.index))
              : undefined
          },
          lane: thread.lane,
          epoch: new Epoch(0, 0),
          busy: isBusy => {
            block.isSending = isBusy
            // Who leaves may have waited for that.
            if (!isBusy) world.unsettle(actor)
          },
          report: error => sender.reported.push(error),
          tell,
        },
        {
          clock: {
            now: () => {
              // Who looks for what comes would else do so for ever.
              if (thread.isBlocked) world.advance(LOOK_MS)
              return world.now()
            },
          },
          timers,
          defer: call => world.later(actor, call),
          channel: () => channels.make(),
          open: end => open(end),
          bell: () => new SimBell(world, actor),
        },
      )
      return this.#own.sender
    })
  }

  /** It is connected with a lane that is looked at. */
  reach(lane: string): void {
    if (this.#own.lanes[lane] === undefined) throw new Error(`there is no lane '${lane}'`)
  }

  awaits(...wait: Parameters<OpenWaits['begin']>): () => void {
    return this.#own.waits.begin(...wait)
  }

  unread(submitter: number, list: unknown): void {
    this.#own.unread(submitter, list)
  }

  revive(args: readonly unknown[], list: unknown): readonly unknown[] {
    return this.#own.revive(args, list)
  }

  get isIdle(): boolean {
    return this.#own.isIdle
  }

  idle(): Promise<void> {
    return this.#own.idle()
  }

  leave(): void {
    this.#own.leave()
  }

  bequeath(): Promise<void> {
    const bequeathed = this.#own.bequeath()
    bequeathed.then(() => {
      this.sender.hasBequeathed = true
    })
    return bequeathed
  }
}
