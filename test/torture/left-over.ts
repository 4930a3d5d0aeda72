import { setTimeout as sleep } from 'node:timers/promises'
import { Exports } from '#src/bridge/exports.js'
import { Sender } from '#src/bridge/sender.js'

/** The last handle that each thread had may still be on its stack, or in its context. */
const LAST = 24
const PATIENCE_MS = 90_000

let sender: Sender | null = null
const { lend } = Exports.prototype
// The sender on this thread, which nobody is told of otherwise.
Exports.prototype.lend = function (task, thread) {
  if (this.of instanceof Sender) sender = this.of
  return lend.call(this, task, thread)
}

/** To be called when another scheduler is made. */
export function forgetSender(): void {
  sender = null
}

/**
 * Resolves when nothing is out any more that the sender of this thread has lent, and no slot of its table is in use but
 * the homes of what is: for a sender that has nothing unfinished.
 *
 * @param collect collects the garbage of all lane threads
 */
export async function nothingLeftOver(collect: () => Promise<void>): Promise<void> {
  if (sender === null) return
  const { exports, sent } = sender
  for (const until = performance.now() + PATIENCE_MS; ; await sleep(20)) {
    if (exports.size <= LAST && sent.table.inUse <= exports.size) return
    if (performance.now() > until)
      throw new Error(`${exports.size} handles are out, and ${sent.table.inUse} slots in use`)
    await collect()
  }
}
