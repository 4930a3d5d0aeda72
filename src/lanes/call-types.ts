/** The types that make a call of a lane as strict as a call of the function itself. */

type TaskLike = (...args: never[]) => unknown

/** What structured clone takes as it is, by the names they have in both Node and the web. */
type CloneableObject =
  | ArrayBufferLike
  | ArrayBufferView
  | bigint
  | boolean
  | Date
  | Error
  | null
  | number
  | RegExp
  | string
  | undefined

/**
 * `T` if a value of it can be cloned to another thread, with `never` in place of what cannot: a function, a symbol, a
 * promise, and an object that has methods, since it would arrive without them.
 */
export type Cloneable<T> = unknown extends T
  ? T
  : T extends CloneableObject
    ? T
    : T extends
          | TaskLike
          | symbol
          | PromiseLike<unknown>
          | WeakMap<WeakKey, unknown>
          | WeakSet<WeakKey>
          | WeakRef<WeakKey>
      ? never
      : T extends ReadonlyMap<infer K, infer V>
        ? T extends Map<K, V>
          ? Map<Cloneable<K>, Cloneable<V>>
          : ReadonlyMap<Cloneable<K>, Cloneable<V>>
        : T extends ReadonlySet<infer V>
          ? T extends Set<V>
            ? Set<Cloneable<V>>
            : ReadonlySet<Cloneable<V>>
          : T extends object
            ? { [K in keyof T]: Cloneable<T[K]> }
            : T

/** The names of a task module's functions, its hooks left out. */
export type TaskName<M> = {
  [K in keyof M & string]: M[K] extends TaskLike
    ? K extends 'setup' | 'teardown' | 'default'
      ? never
      : K
    : never
}[keyof M & string]

/** The arguments a task is called with. */
export type TaskArgs<M, K extends TaskName<M>> = M[K] extends (...args: infer A) => unknown
  ? { [I in keyof A]: Cloneable<A[I]> }
  : never

/** What a task's promise resolves to. */
export type TaskResult<M, K extends TaskName<M>> = M[K] extends (...args: never[]) => infer R
  ? Awaited<R>
  : never

/** The arguments after the name: they may be left out if the function takes none. */
export type CallRest<A extends readonly unknown[], O> = [] extends A
  ? [args?: A, options?: O]
  : [args: A, options?: O]

/** A module whose type is not known: any name, any arguments. */
export type UntypedTasks = Readonly<Record<string, (...args: unknown[]) => unknown>>
