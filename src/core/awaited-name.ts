/** What a task that is waited for is called, such as `task 'parse' on lane 'cpu'`. */
export function awaitedName({ name, lane }: { readonly name: string; readonly lane: string }): string {
  return `task '${name}' on lane '${lane}'`
}
