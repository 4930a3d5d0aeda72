export { collectGarbage } from '../garbage.js'

export function empty(): void {}

export function sizeOf(buffer: ArrayBuffer): number {
  return buffer.byteLength
}
