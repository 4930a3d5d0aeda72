/** A stack as text; none where the program's own `Error.prepareStackTrace` makes something else of it, or throws. */
export function stackOf(taken: { readonly stack?: unknown }): string {
  try {
    const { stack } = taken
    return typeof stack === 'string' ? stack : ''
  } catch {
    return ''
  }
}

/** The frames of a stack, each after a line break, without the header that repeats the message. */
export function framesIn(stack: string): string {
  const start = stack.indexOf('\n    at ')
  return start < 0 ? '' : stack.slice(start)
}
