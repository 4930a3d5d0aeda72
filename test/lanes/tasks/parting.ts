import { currentTask, type TaskHandle } from 'multilane/task'

type Parting = typeof import('./parting.js')

const lanes = () => currentTask<Parting, 'brief' | 'work' | 'later'>().lanes

export function value(text: string): string {
  return text
}

export function fail(): never {
  throw new RangeError('no such thing')
}

/** Holds its thread so long that it is replaced, then submits tasks and gives their handles to another lane. */
export async function stallAndSubmit(hold: number): Promise<void> {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, hold)
  const { work, later } = lanes()
  const canceled = work.submit('value', ['never'], { delay: 60_000 })
  await later.run('keep', [[work.submit('value', ['made']), work.submit('fail', []), canceled]])
  canceled.cancel('not wanted')
}

/** As that, with a value that is handed over to somebody else before anybody asks for it. */
export async function stallAndHandOver(hold: number): Promise<void> {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, hold)
  const { work, later } = lanes()
  const handles = [work.submit('bytes', []), work.submit('value', ['made'])] as const
  await later.run('keep', [handles])
  const { bytes } = await handles[0].result()
  structuredClone(bytes, { transfer: [bytes.buffer] })
}

export function bytes(): { readonly bytes: Uint8Array<ArrayBuffer> } {
  return { bytes: new Uint8Array(8) }
}

let kept: readonly TaskHandle[] = []

export function keep(handles: readonly TaskHandle[]): void {
  kept = handles
}

export function statesOfKept(): string[] {
  return kept.map(({ state }) => state)
}

export async function outcomesOf(handles: readonly TaskHandle[]): Promise<string[]> {
  const results = await Promise.allSettled(handles.map(handle => handle.result()))
  return results.map(result => (result.status === 'fulfilled' ? String(result.value) : result.reason.message))
}

export async function outcomesOfKept(): Promise<string[]> {
  return outcomesOf(kept)
}

/** By a thread that has never heard of them. */
export async function passKeptOn(): Promise<string[]> {
  return lanes().work.run('outcomesOf', [kept])
}

export function syncOutcomeOfKept(): unknown {
  return kept[0]!.resultSync()
}
