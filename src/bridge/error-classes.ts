import {
  ClosedError,
  DeadlockError,
  DependencyError,
  InvalidArgumentError,
  isError,
  LaneError,
  MultilaneError,
  NotCloneableError,
  QueueFullError,
  ResultNotCloneableError,
  TaskCanceledError,
  TaskDroppedError,
  TaskLoadError,
  TaskThrewError,
  TaskTimeoutError,
  UnknownTaskError,
  WaitTimeoutError,
} from '../core/errors.js'

type ErrorClass = abstract new (...args: never[]) => Error

interface Registry {
  /** What an error that arrives under a name is made an instance of. */
  readonly classes: Map<string, ErrorClass>
  /** The name each class is known by. */
  readonly names: Map<ErrorClass, string>
}

/** One for all copies of this package in a thread: a lane thread's bundle is one, what its task module imports another. */
const REGISTRY = Symbol.for('multilane.errors.1')
const holder = globalThis as { [REGISTRY]?: Registry }
holder[REGISTRY] ??= { classes: new Map(), names: new Map() }
const { classes, names } = holder[REGISTRY]

/**
 * Makes errors of a class cross threads as instances of it. Call it on both sides: where the error is thrown (in
 * the task module) and where it is received. An error whose class is not registered arrives as its nearest
 * registered or built-in ancestor, with all its own fields.
 *
 * The constructor is not called on arrival: the instance is made from the prototype and given the own fields.
 *
 * @param errorClass a class that extends Error; its `name` must be unique among those registered
 * @throws InvalidArgumentError (`ERR_INVALID_ARG`) if it is no such class, or another of that name is registered
 */
export function registerError(errorClass: ErrorClass): void {
  if (!isErrorClass(errorClass)) {
    throw new InvalidArgumentError('errorClass', 'a class that extends Error', errorClass)
  }
  const known = classes.get(errorClass.name)
  if (known !== undefined && known !== errorClass) {
    throw new InvalidArgumentError(
      'errorClass',
      'a class whose name no other registered class has',
      errorClass.name,
    )
  }
  know(errorClass)
}

function isErrorClass(value: unknown): value is ErrorClass {
  return (
    typeof value === 'function' &&
    typeof value.name === 'string' &&
    (value === Error || isError(value.prototype))
  )
}

function know(errorClass: ErrorClass): void {
  classes.set(errorClass.name, errorClass)
  names.set(errorClass, errorClass.name)
}

const BUILT_IN = [
  Error,
  AggregateError,
  DOMException,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
]
const OWN = [
  ClosedError,
  DeadlockError,
  DependencyError,
  InvalidArgumentError,
  LaneError,
  MultilaneError,
  NotCloneableError,
  QueueFullError,
  ResultNotCloneableError,
  TaskCanceledError,
  TaskDroppedError,
  TaskLoadError,
  TaskThrewError,
  TaskTimeoutError,
  UnknownTaskError,
  WaitTimeoutError,
]
// Of two copies of our own classes the later is the one that a task module has imported, and may test for.
for (const errorClass of [...BUILT_IN, ...OWN]) know(errorClass)

/** The name of the nearest class in the error's prototype chain that is registered. */
export function classNameOf(error: Error): string {
  for (let proto = Object.getPrototypeOf(error); proto !== null; proto = Object.getPrototypeOf(proto)) {
    const made: unknown = Object.hasOwn(proto, 'constructor') ? proto.constructor : undefined
    const name = names.get(made as ErrorClass)
    if (name !== undefined) return name
  }
  return 'Error'
}

/** Makes an error that arrives under this name; its fields are still to come. */
export function newError(className: string, name: string, message: string): Error {
  const { prototype }: { prototype: Error } = classes.get(className) ?? Error
  const domClass = classes.get('DOMException') as typeof DOMException
  const isDom = prototype === domClass.prototype || prototype instanceof domClass
  // Made by these themselves, so that engine and inspector know it for one, and so that a DOMException has what its name,
  // message and code are read from; the prototype gives it its class.
  const error = isDom ? new domClass(message, name) : new Error(message)
  return Object.setPrototypeOf(error, prototype)
}
