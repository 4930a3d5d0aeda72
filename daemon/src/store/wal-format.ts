/** SQLite's write-ahead log as bytes, https://www.sqlite.org/fileformat2.html#the_write_ahead_log. */

export const WAL_HEADER_BYTES = 32
export const FRAME_HEADER_BYTES = 24

/** The last bit tells the byte order of the checksums. */
const MAGIC = 0x377f0682
const FORMAT_VERSION = 3_007_000

export interface WalHeader {
  readonly pageSize: number
  /** Of the generation: every time the log begins anew it has others, and frames with the old ones are dead. */
  readonly salts: readonly [number, number]
  readonly bigEndian: boolean
  /** Where the checksums of the frames start from. */
  readonly checksum: Checksum
}

export interface FrameHeader {
  readonly page: number
  /** Whether it ends a transaction. */
  readonly commits: boolean
  readonly salts: readonly [number, number]
  readonly checksum: Checksum
}

export type Checksum = readonly [number, number]

/** @returns undefined if it is damaged */
export function readWalHeader(bytes: Buffer): WalHeader | undefined {
  const magic = bytes.readUInt32BE(0)
  if ((magic & ~1) !== MAGIC || bytes.readUInt32BE(4) !== FORMAT_VERSION) return undefined
  const pageSize = bytes.readUInt32BE(8)
  if (pageSize < 512 || pageSize > 65_536 || (pageSize & (pageSize - 1)) !== 0) return undefined
  const bigEndian = (magic & 1) === 1
  const checksum = checksumOf(bytes.subarray(0, 24), bigEndian, [0, 0])
  if (!sameChecksum(checksum, [bytes.readUInt32BE(24), bytes.readUInt32BE(28)])) return undefined
  return { pageSize, salts: [bytes.readUInt32BE(16), bytes.readUInt32BE(20)], bigEndian, checksum }
}

export function readFrameHeader(frame: Buffer): FrameHeader {
  return {
    page: frame.readUInt32BE(0),
    commits: frame.readUInt32BE(4) !== 0,
    salts: [frame.readUInt32BE(8), frame.readUInt32BE(12)],
    checksum: [frame.readUInt32BE(16), frame.readUInt32BE(20)],
  }
}

/** What the frame's checksum must be; it goes over all frames before it too. */
export function frameChecksum(frame: Buffer, bigEndian: boolean, before: Checksum): Checksum {
  const overHeader = checksumOf(frame.subarray(0, 8), bigEndian, before)
  return checksumOf(frame.subarray(FRAME_HEADER_BYTES), bigEndian, overHeader)
}

export function sameChecksum(a: Checksum, b: Checksum): boolean {
  return a[0] === b[0] && a[1] === b[1]
}

function checksumOf(bytes: Buffer, bigEndian: boolean, before: Checksum): Checksum {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let [first, second] = before
  for (let at = 0; at < bytes.byteLength; at += 8) {
    first = (first + view.getUint32(at, !bigEndian) + second) >>> 0
    second = (second + view.getUint32(at + 4, !bigEndian) + first) >>> 0
  }
  return [first, second]
}
