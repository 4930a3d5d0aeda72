/** What every message is that is no batch: an object that says what it tells. */
export type TypedMessage = { readonly type: unknown } & Readonly<Record<string, unknown>>

/** Whether a message can be looked at. Threads run code that is not ours, which may post whatever it likes. */
export function isTyped(message: unknown): message is TypedMessage {
  return typeof message === 'object' && message !== null && 'type' in message
}
