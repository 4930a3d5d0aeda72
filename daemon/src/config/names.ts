import type { Field } from './field.js'

const LONGEST_LANE = 64
const LANE_FORM = /^[A-Za-z0-9_-]+$/
const LONGEST = 200
/** Control characters, the two line ends of Unicode, and halves of a character. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028\u2029]/u

export function checkLaneName(name: string, field: Field): void {
  if (!LANE_FORM.test(name) || name.length > LONGEST_LANE) {
    field.nameProblem(
      `a lane's name has 1 to ${LONGEST_LANE} letters, digits, - and _; write bulk or re-index`,
    )
  } else if (name.startsWith('store')) {
    field.nameProblem(`names that begin with "store" are kept for the daemon's own lanes; write my-${name}`)
  }
}

export function checkJobName(name: string, field: Field): void {
  if (name === '' || name.length > LONGEST || name.includes('/') || UNPRINTABLE.test(name)) {
    field.nameProblem(
      `a name here has 1 to ${LONGEST} characters, none of them / or a control character; write make-thumbnails`,
    )
  }
}
