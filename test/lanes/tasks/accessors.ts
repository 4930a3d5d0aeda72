import { currentTask } from 'multilane/task'
import { UNREADABLE } from '../../support/unreadable.js'

/** What an accessor of the last result was refused with. */
let refusal = ''

export function echo(value: unknown): unknown {
  return value
}

/** Its result has an accessor that throws what cannot be looked at. */
export function throwsUnreadably(): unknown {
  return {
    get value() {
      throw UNREADABLE['a proxy of an error']!()
    },
  }
}

interface Own {
  readonly lanes: Readonly<
    Record<string, { submit(name: string, args: readonly unknown[]): { resultSync(): unknown } }>
  >
}

/** Its result has an accessor that waits for another task. */
export function waits(): unknown {
  const { lanes } = currentTask() as unknown as Own
  return {
    get value() {
      try {
        return lanes.a!.submit('echo', [1]).resultSync()
      } catch (error) {
        refusal = (error as { code: string }).code
        throw error
      }
    },
  }
}

export function lastRefusal(): string {
  return refusal
}
