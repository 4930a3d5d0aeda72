// For what it adds to the type of a route's schema.
import type {} from '@fastify/swagger'
import { Type } from '@sinclair/typebox'
import type { FastifySchema, FastifySchemaCompiler } from 'fastify'
import { PROBLEM } from '../http-problem.js'

/** Answers that several services give, as schemas. */

export function messageAnswer(description: string) {
  return Type.Object({ message: Type.String() }, { description })
}

/** Of errors that are thrown: the server makes the answer. */
export function problemAnswer(description: string) {
  return Type.Ref(PROBLEM, { description })
}

/** One of some texts. */
export function wordAnswer<Word extends string>(words: readonly Word[]) {
  return Type.Unsafe<Word>({ type: 'string', enum: [...words] })
}

/** An answer that is a line of text. */
export function textAnswer(description: string) {
  return { description, content: { 'text/plain': { schema: Type.String() } } }
}

export const IdempotencyHeader = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({ description: 'Sent again with the same key, a request gets the jobs of the first one.' }),
  ),
})

/**
 * For routes whose schema of requests is there to be read: the handlers check them, since their answers to bad ones
 * are not those of a validator.
 */
export const describedOnly: FastifySchemaCompiler<FastifySchema> = () => () => true
