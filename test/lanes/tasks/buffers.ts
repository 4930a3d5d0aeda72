import type { FileHandle } from 'node:fs/promises'
import type { MessagePort } from 'node:worker_threads'

export * from './plain.js'

export function fill(bytes: Uint8Array, value: number): Uint8Array {
  return bytes.fill(value)
}

export function sizeOf(buffer: ArrayBuffer): number {
  return buffer.byteLength
}

/** Says of what classes they are, and closes them. */
export async function take(file: FileHandle, port: MessagePort, stream: ReadableStream): Promise<string[]> {
  await file.close()
  port.close()
  await stream.cancel()
  return [file, port, stream].map(one => one.constructor.name)
}
