import type { Field } from './field.js'

/** Variables of the environment: names as a shell takes them, values that are text. */
export function readEnvironment(field: Field): Readonly<Record<string, string>> {
  const variables: Record<string, string> = {}
  for (const [name, variable] of field.entries('TZ: UTC')) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      variable.nameProblem('is not the name of a variable; write letters, digits and _, such as TZ')
    }
    variables[name] = variable.anyText('', 'text, such as UTC')
  }
  return variables
}
