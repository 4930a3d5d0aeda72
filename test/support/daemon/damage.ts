import { closeSync, openSync, readFileSync, readSync, writeSync } from 'node:fs'

/** Turns one byte of a file into another; said twice, it is as it was. */
export function flipByte(file: string, offset: number): void {
  const descriptor = openSync(file, 'r+')
  try {
    const byte = Buffer.alloc(1)
    if (readSync(descriptor, byte, 0, 1, offset) !== 1) throw new RangeError(`${file} ends before ${offset}`)
    byte[0] = byte[0]! ^ 0xff
    writeSync(descriptor, byte, 0, 1, offset)
  } finally {
    closeSync(descriptor)
  }
}

interface Frame {
  readonly start: number
  readonly end: number
  readonly commits: boolean
  readonly salts: string
}

/** The frames of a write-ahead log, by SQLite's description of the format alone. */
export function walFrames(file: string): readonly Frame[] {
  const bytes = readFileSync(file)
  const size = bytes.readUInt32BE(8) + 24
  const frames: Frame[] = []
  for (let start = 32; start + size <= bytes.length; start += size) {
    const commits = bytes.readUInt32BE(start + 4) !== 0
    frames.push({ start, end: start + size, commits, salts: bytes.toString('hex', start + 8, start + 16) })
  }
  return frames
}
