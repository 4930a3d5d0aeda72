import { setTimeout as sleep } from 'node:timers/promises'

export * from './plain.js'

interface Wasm {
  readonly Memory: new (size: {
    initial: number
  }) => { readonly buffer: ArrayBuffer; grow(pages: number): void }
}

const { Memory } = Reflect.get(globalThis, 'WebAssembly') as Wasm

/** Bytes that are not there any more: they were handed over, or their memory has grown. */
export const GONE: Readonly<Record<string, () => ArrayBufferView>> = {
  'handed over': () => {
    const bytes = new Uint8Array(8)
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
    return bytes
  },
  'a DataView, handed over': () => {
    const view = new DataView(new ArrayBuffer(8))
    structuredClone(view.buffer, { transfer: [view.buffer] })
    return view
  },
  'of a memory that has grown': () => {
    const memory = new Memory({ initial: 1 })
    const bytes = new Uint8Array(memory.buffer)
    memory.grow(1)
    return bytes
  },
  'that say they are there': () => {
    const bytes = new Uint8Array(8)
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
    return Object.defineProperty(bytes, 'byteLength', { value: 8 })
  },
}

export function giveGone(what: string): ArrayBufferView {
  return GONE[what]!()
}

export function throwGone(what: string): never {
  throw Object.assign(new RangeError('it failed'), { bytes: GONE[what]!() })
}

function readableOnce(then: () => unknown): object {
  let isRead = false
  return {
    get field() {
      if (isRead) return then()
      isRead = true
      return 'once'
    },
  }
}

export function giveThrowing(): object {
  return readableOnce(() => {
    throw new RangeError('it was read before')
  })
}

export function giveEndless(): object {
  return readableOnce(() => {
    for (;;);
  })
}

/** The first read of it takes for ever. */
export async function giveEndlessAtOnce(): Promise<object> {
  await sleep(1)
  return {
    get field() {
      for (;;);
    },
  }
}

export function giveBytes(): readonly [Uint8Array, Float64Array, DataView, Uint8Array] {
  const shared = new Uint8Array(new SharedArrayBuffer(2)).fill(4)
  return [new Uint8Array([1]), new Float64Array([2]), new DataView(new Uint8Array([3]).buffer), shared]
}

export function giveOneOf(index: number): unknown {
  return giveBytes()[index]
}
