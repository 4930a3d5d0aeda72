/** Says something on both of the daemon's own outputs. */
export function speak(): string {
  console.log('a line on standard output')
  console.error('a line on standard error')
  return 'spoken'
}
