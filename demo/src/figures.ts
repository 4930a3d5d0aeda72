/** How figures are written: never more digits than are worth reading. */

export function duration(ms: number): string {
  if (ms === 0) return '-'
  if (ms < 0.9995) return `${(ms * 1000).toFixed(0)} µs`
  if (ms < 999.5) return `${ms.toFixed(ms < 9.95 ? 1 : 0)} ms`
  return `${(ms / 1000).toFixed(ms < 9_950 ? 1 : 0)} s`
}

/** @returns as '12 ×'; '-' if there is nothing to compare with */
export function ratio(value: number, base: number): string {
  if (base === 0 || value === 0) return '-'
  const times = value / base
  if (times < 9.95) return `${times.toFixed(1)} ×`
  return `${times.toFixed(0)} ×`
}

export function rate(perSecond: number): string {
  if (perSecond === 0) return '0'
  return perSecond.toFixed(perSecond < 9.95 ? 1 : 0)
}
