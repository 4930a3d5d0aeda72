import type { TaskHandle } from './task-handle.js'

/** The types that make a call of a lane as strict as a call of the function itself. */

/** Any function. */
type TaskLike = (...args: never[]) => unknown

/** A MessagePort, which crosses if it is in `transfer` too. */
interface PortLike {
  postMessage(message: unknown): void
  start(): void
  close(): void
}

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
  | PortLike
  | RegExp
  | string
  | undefined

/**
 * `T` if a value of it can be cloned to another thread, with `never` in place of what cannot: a function, a symbol, a
 * promise, and an object that has methods, since it would arrive without them. `H` is what has its own way to cross:
 * handles of tasks, or `never`.
 */
export type Cloneable<T, H = TaskHandle<unknown>> = unknown extends T
  ? T
  : T extends CloneableObject | H
    ? T
    : // Before the weak ones: a set of objects has all that a WeakSet has, and a map with such keys all of a WeakMap.
      T extends ReadonlyMap<infer K, infer V>
      ? T extends Map<K, V>
        ? Map<Cloneable<K, H>, Cloneable<V, H>>
        : ReadonlyMap<Cloneable<K, H>, Cloneable<V, H>>
      : T extends ReadonlySet<infer V>
        ? T extends Set<V>
          ? Set<Cloneable<V, H>>
          : ReadonlySet<Cloneable<V, H>>
        : T extends
              | TaskLike
              | (abstract new (
                  ...args: never[]
                ) => unknown)
              | symbol
              | PromiseLike<unknown>
              | WeakMap<WeakKey, unknown>
              | WeakSet<WeakKey>
              | WeakRef<WeakKey>
          ? never
          : T extends readonly unknown[]
            ? CloneableArray<T, H>
            : T extends object
              ? { [K in keyof T]: Cloneable<T[K], H> }
              : T

/** Arrays by their element, which a type that contains arrays of itself (JSON) needs; tuples one by one. */
type CloneableArray<T extends readonly unknown[], H> = T[number][] extends T
  ? T extends unknown[]
    ? Cloneable<T[number], H>[]
    : readonly Cloneable<T[number], H>[]
  : { [K in keyof T]: Cloneable<T[K], H> }

/** The names of a task module's functions, its hooks left out. */
export type TaskName<M> = {
  [K in keyof M & string]: M[K] extends TaskLike
    ? K extends 'setup' | 'teardown' | 'default'
      ? never
      : K
    : never
}[keyof M & string]

/** The arguments a task is called with; `H` as of `Cloneable`. */
export type TaskArgs<M, K extends TaskName<M>, H = TaskHandle<unknown>> = M[K] extends (
  ...args: infer A
) => unknown
  ? { [I in keyof A]: Cloneable<A[I], H> }
  : never

/** What a task's promise resolves to. */
export type TaskResult<M, K extends TaskName<M>> = M[K] extends (...args: never[]) => infer R
  ? Awaited<R>
  : never

/** The arguments after the name: they may be left out if the function takes none. */
export type CallRest<A extends readonly unknown[], O> = [] extends A
  ? [args?: A, options?: O]
  : [args: A, options?: O]

/** The item of a `map`: the one argument of a function that can be called with one. */
export type SoleArg<A extends readonly unknown[]> = [A[0]] extends A ? A[0] : never

/** A module whose type is not known: any name, any arguments. */
export type UntypedTasks = Readonly<Record<string, (...args: unknown[]) => unknown>>
