import { StringDecoder } from 'node:string_decoder'

/** How much of a job's output is kept, in bytes. */
export const TAIL_BYTES = 64 * 1024

const FIRST_BYTES = 1024
/** A cut is moved to the next line if that is no further away than this, in bytes. */
const LONGEST_PART_OF_LINE = 4096
const CUT_MARK = '[earlier output was cut off]\n'
const NEWLINE = 10

/**
 * Keeps the end of a job's output, however much of it there is: writing costs one copy and never more memory than
 * the limit.
 */
export class OutputTail {
  readonly #limit: number
  #ring: Buffer
  #start = 0
  #held = 0
  #written = 0
  #cut = false
  #ended = false

  /** @param limit how much to keep, in bytes */
  constructor(limit = TAIL_BYTES) {
    this.#limit = limit
    this.#ring = Buffer.alloc(Math.min(limit, FIRST_BYTES))
  }

  /** How many bytes have been written: it has changed if there is something new. */
  get written(): number {
    return this.#written
  }

  /** @param output the next part, which may begin or end within a character */
  write(output: Uint8Array): void {
    this.#written += output.length
    const part = output.length > this.#limit ? output.subarray(-this.#limit) : output
    if (part !== output) this.#cut = true
    this.#grow(this.#held + part.length)
    const ring = this.#ring
    const at = (this.#start + this.#held) % ring.length
    const before = Math.min(part.length, ring.length - at)
    ring.set(part.subarray(0, before), at)
    ring.set(part.subarray(before), 0)
    this.#held += part.length
    if (this.#held <= ring.length) return
    this.#start = (this.#start + this.#held) % ring.length
    this.#held = ring.length
    this.#cut = true
  }

  /** @param line any text; a line break is added to it */
  line(line: string): void {
    // No character is shorter than a byte, so what is before that could not be kept.
    if (line.length > this.#limit) this.#cut = true
    this.write(Buffer.from(`${line.slice(-this.#limit)}\n`))
  }

  /** Nothing will follow: a character begun and not finished will not be. */
  end(): void {
    this.#ended = true
  }

  /** What is kept, as whole characters; if anything was cut off before, a line that says so comes first. */
  text(): string {
    const bytes = Buffer.concat([
      this.#ring.subarray(this.#start, this.#start + this.#held),
      this.#ring.subarray(0, Math.max(0, this.#start + this.#held - this.#ring.length)),
    ])
    const whole = this.#decode(this.#cut ? bytes.subarray(goodCut(bytes)) : bytes)
    // Bytes that are no UTF-8 grow when they are replaced.
    const grown = Buffer.from(whole)
    if (grown.length <= this.#limit) return this.#cut ? CUT_MARK + whole : whole
    const end = grown.subarray(-this.#limit)
    return CUT_MARK + this.#decode(end.subarray(goodCut(end)))
  }

  #decode(bytes: Buffer): string {
    const decoder = new StringDecoder('utf8')
    const text = decoder.write(bytes)
    return this.#ended ? text + decoder.end() : text
  }

  /** The ring only turns once it has its full size; until then what is held begins at 0. */
  #grow(needed: number): void {
    const size = this.#ring.length
    if (needed <= size || size === this.#limit) return
    const grown = Buffer.alloc(Math.min(this.#limit, Math.max(needed, size * 2)))
    grown.set(this.#ring.subarray(0, this.#held))
    this.#ring = grown
  }
}

/** Where the first line begins, if that is near, else the first character. */
function goodCut(bytes: Buffer): number {
  const end = bytes.indexOf(NEWLINE) + 1
  if (end > 0 && end <= LONGEST_PART_OF_LINE) return end
  let at = 0
  while (at < 3 && isWithinCharacter(bytes[at])) at++
  return at
}

function isWithinCharacter(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0b1100_0000) === 0b1000_0000
}
