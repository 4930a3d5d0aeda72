/** Tasks that do nothing, so that what is measured is the way there and back. */
export function empty(): void {}

export async function emptyAsync(): Promise<void> {}
