export * from './plain.js'

export function fill(bytes: Uint8Array, value: number): Uint8Array {
  return bytes.fill(value)
}

export function sizeOf(buffer: ArrayBuffer): number {
  return buffer.byteLength
}
