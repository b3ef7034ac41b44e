/** How the routes are described for `/openapi.json`, and what their requests are checked against. */
import type { FastifySchema } from 'fastify'
import { z } from 'zod'
import { outcome } from './outcome.ts'

/** How a route is described where that is all its schemas are for. */
export interface Described extends FastifySchema {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly summary: string
}

declare module 'fastify' {
  interface FastifySchema {
    /** Headers of the answer, by status, as JSON Schema. */
    readonly responseHeaders?: { readonly [status: string]: { readonly [name: string]: object } }
  }
  interface FastifyContextConfig {
    /** Description of a route that takes and gives bytes: nothing of it is looked at when the route is asked. */
    readonly described?: Described
  }
}

/** A JSON answer: the head of every result, and these fields. */
export function answer(description: string, fields: z.ZodRawShape): z.ZodType {
  return z.object({ ...outcome, ...fields }).meta({ description })
}

/** An answer in other media types than JSON alone. */
export function media(description: string, content: { readonly [type: string]: z.ZodType }): object {
  return {
    description,
    content: Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema }])),
  }
}

/** An answer without a body. */
export function nothing(description: string): z.ZodType {
  return z.null().meta({ description })
}

/** Bytes as they are. */
export const bytes: z.ZodType = z.unknown().meta({ type: 'string', format: 'binary' })

/** A switch of a query: alone, or true or false. */
export function flag(description: string): z.ZodType<boolean | undefined, string | undefined> {
  return z
    .enum(['', 'true', 'false', '1', '0'])
    .transform((given) => given !== 'false' && given !== '0')
    .optional()
    .meta({ description, type: 'boolean', enum: undefined })
}

/** A whole number of a query, in decimal digits. */
export function wholeNumber(
  description: string,
  { minimum = 0, maximum = Number.MAX_SAFE_INTEGER }: { readonly minimum?: number; readonly maximum?: number } = {},
): z.ZodType<number, string> {
  const message = `is a whole number from ${minimum} to ${maximum}`
  return z
    .string()
    .regex(/^\d{1,16}$/, message)
    .transform(Number)
    .refine((number) => number >= minimum && number <= maximum, message)
    .meta({ description, type: 'integer', minimum, maximum, pattern: undefined })
}

export const storeName: z.ZodString = z.string().meta({ description: 'Name of the store.', examples: ['files'] })
export const storeParams: z.ZodObject<{ store: z.ZodString }> = z.object({ store: storeName })
const pathKey: z.ZodString = z
  .string()
  .meta({ description: "Key, each segment percent-encoded, '/' between them as it is.", examples: ['2026/trip.json'] })
export const keyParams: z.ZodObject<{ store: z.ZodString; key: z.ZodString }> = z.object({
  store: storeName,
  key: pathKey,
})
/** A key in JSON. */
export const jsonKey: z.ZodString = z
  .string()
  .min(1)
  .max(32_768)
  .meta({ examples: ['2026/trip.json'] })
export const jsonEtag: z.ZodString = z
  .string()
  .min(2)
  .max(8_192)
  .meta({
    description: 'As the ETag header and entries spell it.',
    examples: ['"5d41402a"'],
  })
