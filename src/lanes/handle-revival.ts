import { putHandles } from '../bridge/handle-args.js'
import type { SentHandle } from '../bridge/lending.js'
import type { Sender } from '../bridge/sender.js'
import type { Epoch } from '../core/clock.js'
import { ImportKeeper } from './import-keeper.js'
import { TaskHandle } from './task-handle.js'

/** Makes handles of what has come in their place, on a thread that runs tasks. */
export class HandleRevival {
  readonly #sender: Sender
  readonly #epoch: Epoch
  readonly #keeper: ImportKeeper

  constructor(sender: Sender, epoch: Epoch) {
    this.#sender = sender
    this.#epoch = epoch
    this.#keeper = new ImportKeeper(sender.imports)
  }

  /**
   * A task has one handle here, however often it comes: what a handle is told of the end is kept until then, and a long
   * task may be given to very many.
   *
   * @param args the arguments that came, with an empty object for each handle
   * @param list each of those objects, followed by what is known of its task
   * @param thread the number by which who sent them knows this thread
   * @returns the arguments with handles in their places
   */
  revive(args: readonly unknown[], list: readonly unknown[], thread: number): readonly unknown[] {
    const handles = new Map<unknown, TaskHandle>()
    for (let i = 0; i + 1 < list.length; i += 2) {
      const { task, isOwn } = this.#sender.take(list[i + 1] as SentHandle, thread)
      const keeper = isOwn ? this.#sender.lane(task.target.lane) : this.#keeper
      const extras = task.rareOptions()
      extras.handle ??= new TaskHandle(task, keeper, this.#epoch)
      handles.set(list[i], extras.handle as TaskHandle)
    }
    return putHandles(args, handles)
  }

  /**
   * Gives back what was to be revived, and will not be. A submitter that was here before its task knows by itself of its
   * own; of others it may know nothing any more, having died.
   *
   * @param submitter the number of the sender whose task they came with
   * @param list what came with the arguments
   */
  giveBack(submitter: number, list: readonly unknown[]): void {
    const { environment, exports, imports } = this.#sender
    for (let i = 0; i + 1 < list.length; i += 2) {
      const { owner, sequence } = list[i + 1] as SentHandle
      if (owner === submitter) continue
      if (owner === environment.number) exports.changed(sequence, owner, -1)
      else imports.giveBack(owner, sequence, 1)
    }
  }
}
