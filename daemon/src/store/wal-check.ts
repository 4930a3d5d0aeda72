import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { StoreError } from './store-error.js'
import {
  FRAME_HEADER_BYTES,
  frameChecksum,
  readFrameHeader,
  readWalHeader,
  sameChecksum,
  WAL_HEADER_BYTES,
  type WalHeader,
} from './wal-format.js'

/*
 * Whether the write-ahead log has lost anything that was confirmed.
 *
 * When SQLite opens a database it takes the log's frames up to the first that does not fit (salts, or a checksum that
 * goes over all frames before it) and drops the rest without a word. That is right for the end of a log that a crash
 * cut off, and wrong for a log that was damaged in its middle: transactions that were synced, and confirmed to
 * clients, would be gone. The two can be told apart, because a transaction begins only after the one before it was
 * synced as a whole:
 *
 * - Nothing of the log's present salts follows the bad frame: it is where the log ends, or was cut off.
 * - What follows is the rest of one transaction. It was perhaps never confirmed: a disk may write the frames of a
 *   transaction in any order, so its last, which commits it, may be there and an earlier one not. It is dropped, as
 *   SQLite does. That the damage hit the very last transaction after it was confirmed looks the same, and only here
 *   nothing can be said.
 * - A frame of the present salts follows the end of that transaction. So another one had begun, the damaged one was
 *   synced before, and it was confirmed. This needs a person.
 *
 * The last conclusion needs a log that has no such frames for other reasons: leftovers of a transaction that was
 * written and failed, or of an earlier torn end that was written over. There are none: no transaction writes to the
 * log before its commit (`cache_spill`, in sql-connection.ts), and the log is begun anew, with other salts, at each
 * start (open-store.ts) and after each failed transaction (write-tasks.ts) before anything else is written to it.
 *
 * The header is synced before the first frame is written. A bad header with anything behind it is damage.
 */

/** How much of the file is read at once. */
const CHUNK_BYTES = 1024 * 1024

/**
 * Reads a write-ahead log before SQLite does.
 *
 * @param file the log; it need not exist
 * @throws StoreError `damaged`, naming file, frame and byte offset, if a confirmed transaction is in the part that
 *   SQLite would drop; `unavailable` if the file cannot be read
 */
export function checkWal(file: string): void {
  const descriptor = openIfThere(file)
  if (descriptor === undefined) return
  try {
    const bytes = fstatSync(descriptor).size
    if (bytes < WAL_HEADER_BYTES) return
    const header = readWalHeader(readAt(descriptor, 0, WAL_HEADER_BYTES))
    if (header !== undefined) checkFrames(file, descriptor, header, bytes)
    else if (hasContent(descriptor, WAL_HEADER_BYTES, bytes)) {
      throw damaged(file, 'its header, at byte 0, is damaged, and transactions stand behind it')
    }
  } catch (error) {
    if (error instanceof StoreError) throw error
    throw new StoreError('unavailable', `${file}: ${(error as Error).message}`, { cause: error })
  } finally {
    closeSync(descriptor)
  }
}

function checkFrames(file: string, descriptor: number, header: WalHeader, bytes: number): void {
  const frameBytes = FRAME_HEADER_BYTES + header.pageSize
  let checksum = header.checksum
  /** The number of the first frame that does not fit, from 1. */
  let bad: number | undefined
  let badTransactionEnded = false
  let number = 0
  for (const frame of framesOf(descriptor, frameBytes, bytes)) {
    number++
    const { page, commits, salts, checksum: written } = readFrameHeader(frame)
    const isPresent = salts[0] === header.salts[0] && salts[1] === header.salts[1]
    if (bad === undefined) {
      checksum = frameChecksum(frame, header.bigEndian, checksum)
      if (isPresent && page !== 0 && sameChecksum(checksum, written)) continue
      bad = number
      badTransactionEnded = isPresent && commits
      continue
    }
    if (!isPresent) continue
    if (badTransactionEnded) {
      const offset = WAL_HEADER_BYTES + (bad - 1) * frameBytes
      throw damaged(
        file,
        `frame ${bad}, at byte ${offset}, is damaged, and frame ${number} behind it belongs to a later transaction`,
      )
    }
    badTransactionEnded = commits
  }
}

function damaged(file: string, what: string): StoreError {
  return new StoreError(
    'damaged',
    `${file}: ${what}; opening the store would lose confirmed jobs. Restore the folder from a backup, or, to ` +
      'accept that loss, move this file away',
  )
}

function* framesOf(descriptor: number, frameBytes: number, bytes: number): Generator<Buffer> {
  const perChunk = Math.max(1, Math.floor(CHUNK_BYTES / frameBytes))
  const count = Math.floor((bytes - WAL_HEADER_BYTES) / frameBytes)
  for (let first = 0; first < count; first += perChunk) {
    const here = Math.min(perChunk, count - first)
    const chunk = readAt(descriptor, WAL_HEADER_BYTES + first * frameBytes, here * frameBytes)
    for (let at = 0; at < chunk.byteLength; at += frameBytes) yield chunk.subarray(at, at + frameBytes)
  }
}

function hasContent(descriptor: number, from: number, to: number): boolean {
  for (let at = from; at < to; at += CHUNK_BYTES) {
    if (readAt(descriptor, at, Math.min(CHUNK_BYTES, to - at)).some(byte => byte !== 0)) return true
  }
  return false
}

function readAt(descriptor: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  let filled = 0
  while (filled < length) {
    const read = readSync(descriptor, bytes, filled, length - filled, position + filled)
    if (read === 0) throw new Error(`it ends at byte ${position + filled}, while it was being read`)
    filled += read
  }
  return bytes
}

function openIfThere(file: string): number | undefined {
  try {
    return openSync(file, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw new StoreError('unavailable', `${file}: ${(error as Error).message}`, { cause: error })
  }
}
