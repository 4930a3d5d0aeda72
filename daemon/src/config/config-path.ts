/** The keys and list indexes that lead from the whole configuration to a field. */
export type ConfigPath = readonly (string | number)[]

/** As messages spell it: `job.thumb.timeout`, `group.images[2]`, `job["my job"].lane`. */
export function formatPath(path: ConfigPath): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (!/^[\w$-]+$/.test(step)) text += `[${JSON.stringify(step)}]`
    else text += text === '' ? step : `.${step}`
  }
  return text
}
