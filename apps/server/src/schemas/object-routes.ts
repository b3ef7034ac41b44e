/** Descriptions of the routes that take and give the bytes of objects. Nothing of this is looked at when they are asked. */
import { z } from 'zod'
import { objectType } from '../wire/attributes.ts'
import { answer, bytes, keyParams, media, nothing, type Described } from './describe.ts'
import { entrySchema } from './entry.ts'
import { failureSchema } from './outcome.ts'

const string = { type: 'string' }
const header = (description: string): object => ({ ...string, description })
const text = (description: string): z.ZodType => z.string().optional().meta({ description })

const validators = { ETag: header('State of the object.'), 'Last-Modified': header('HTTP date.') }
const unchanged = { ...validators, 'Cache-Control': header('As with the object.') }
const served = {
  ...validators,
  'Content-Type': header('As it was written; application/octet-stream where the store keeps none.'),
  'Content-Length': { type: 'integer' },
  'Content-Disposition': header('`attachment` for all that a browser would not merely show.'),
  'Content-Encoding': header('As it was written.'),
  'Cache-Control': header('As it was written, else `private, no-cache`.'),
  'Accept-Ranges': { type: 'string', enum: ['bytes'] },
  'Repr-Digest': header('SHA-256 of the whole object, where the store tells it.'),
  'X-Kit-Meta-NAME': header('User metadata, percent-encoded UTF-8; a header for each name.'),
}
const read = {
  ...served,
  'X-Kit-Entry': header(
    'For `Accept: application/vnd.kit.object`, instead of the attributes: the entry as JSON, percent-encoded.',
  ),
}
const partial = { ...read, 'Content-Range': header('Which bytes these are, and of how many.') }

const conditions = {
  'if-match': text('Only while the object is in one of these states; `*`: only where there is one.'),
  'if-none-match': text('Not while the object is in one of these states; `*`: only where there is none.'),
  'if-unmodified-since': text('HTTP date.'),
}
const readHeaders = z.object({
  ...conditions,
  'if-modified-since': text('HTTP date.'),
  range: text('`bytes=0-99`, `bytes=-100`, or several: `bytes=0-9,20-29`.'),
  'if-range': text('An etag or a date: of another object the whole is served.'),
})
const versionQuery = z.strictObject({ version: text('A kept version instead of the newest.') })
const notModified = nothing('The object is in a state that the request names.')

export const readDescribed: Described = {
  operationId: 'readObject',
  tags: ['objects'],
  summary: 'The bytes of an object, all or some',
  params: keyParams,
  querystring: versionQuery,
  headers: readHeaders,
  response: {
    200: media('All bytes.', { 'application/octet-stream': bytes, [objectType]: bytes }),
    206: media('One range; or several, each with its Content-Range, in the order they were asked for.', {
      'application/octet-stream': bytes,
      'multipart/byteranges': bytes,
    }),
    304: notModified,
    404: failureSchema,
    409: failureSchema,
    412: failureSchema,
    416: failureSchema,
    default: failureSchema,
  },
  responseHeaders: { 200: read, 206: partial, 304: unchanged, 416: { 'Content-Range': header('`bytes */SIZE`.') } },
}

export const headDescribed: Described = {
  operationId: 'headObject',
  tags: ['objects'],
  summary: 'What GET would tell of an object, without its bytes',
  description: 'A failure has no body: its code is in X-Kit-Error.',
  params: keyParams,
  querystring: versionQuery,
  headers: z.object({ ...conditions, 'if-modified-since': text('HTTP date.') }),
  response: { 200: nothing('It is there.'), 304: notModified, default: nothing('It failed.') },
  responseHeaders: { 200: served, 304: unchanged },
}

export const writeDescribed: Described = {
  operationId: 'writeObject',
  tags: ['objects'],
  summary: 'Writes an object, all or nothing',
  description:
    'Attributes stand in the headers. What the store cannot keep is refused, except Content-Type, which is left out.',
  params: keyParams,
  querystring: z.strictObject({}),
  headers: z.object({
    ...conditions,
    'content-encoding': text('Kept, not undone.'),
    'content-disposition': text('Kept.'),
    'cache-control': text('Kept.'),
    'content-digest': text('`sha-256=:BASE64:`; a body that does not match is Corrupt, 400, and nothing is written.'),
    'repr-digest': text('As Content-Digest.'),
    'x-kit-meta-NAME': text('User metadata, percent-encoded UTF-8; a header for each name.'),
    'x-kit-modified': text('Time of the last change, ISO 8601.'),
    'x-kit-mode': text('POSIX permission bits in octal.'),
  }),
  consumes: ['application/octet-stream', '*/*'],
  body: bytes,
  response: {
    200: answer('It replaced another.', { entry: entrySchema }),
    201: answer('It is new.', { entry: entrySchema }),
    400: failureSchema,
    409: failureSchema,
    412: failureSchema,
    413: failureSchema,
    422: failureSchema,
    507: failureSchema,
    default: failureSchema,
  },
  responseHeaders: { 200: validators, 201: validators },
}

export const deleteDescribed: Described = {
  operationId: 'deleteObject',
  tags: ['objects'],
  summary: 'Deletes an object',
  description: 'Absent is success, unless there is a condition.',
  params: keyParams,
  querystring: versionQuery,
  headers: z.object(conditions),
  response: { 204: nothing('It is not there.'), 412: failureSchema, default: failureSchema },
}
