import type { WriteStream } from 'node:tty'
import type { DemoState } from './demo-state.js'
import { screen } from './screen.js'
import type { Show } from './show.js'
import { paint } from './styled-line.js'

const FRAME_MS = 200

const ENTER = '\x1b[?1049h\x1b[?25l'
const LEAVE = '\x1b[?25h\x1b[?1049l'
/** A terminal that knows these two shows a frame as a whole, and others ignore them. */
const BEGIN_FRAME = '\x1b[?2026h'
const END_FRAME = '\x1b[?2026l'
const HOME = '\x1b[H'
const CLEAR_LINE = '\x1b[K'
const CLEAR_BELOW = '\x1b[J'

/**
 * Redraws in place, on the terminal's second page, so that the user's own text is back afterwards, and a change of
 * the window's size can spoil nothing. Nothing is erased before it is written over, so nothing flickers.
 */
export class LiveShow implements Show {
  readonly #out: WriteStream
  readonly #coloured: boolean
  readonly #restore = (): void => this.close()
  #lastFrame = Number.NEGATIVE_INFINITY
  #open = true

  constructor(out: WriteStream, coloured: boolean) {
    this.#out = out
    this.#coloured = coloured
    out.write(ENTER)
    // For every other way out: an uncaught error must not leave a terminal without a cursor.
    process.once('exit', this.#restore)
  }

  update(state: DemoState): void {
    const now = performance.now()
    if (!this.#open || now - this.#lastFrame < FRAME_MS) return
    this.#lastFrame = now
    const { columns, rows } = this.#out
    const lines = screen(state, columns, now)
      .slice(0, rows)
      .map(line => paint(line, columns, this.#coloured) + CLEAR_LINE)
    this.#out.write(`${BEGIN_FRAME}${HOME}${lines.join('\r\n')}${CLEAR_BELOW}${END_FRAME}`)
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    process.off('exit', this.#restore)
    this.#out.write(LEAVE)
  }
}
