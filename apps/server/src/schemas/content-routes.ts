/** Descriptions of the routes that take and give content by CID. Nothing of this is looked at when they are asked. */
import { z } from 'zod'
import { answer, bytes, flag, media, nothing, storeName, type Described } from './describe.ts'
import { entrySchema } from './entry.ts'
import { failureSchema } from './outcome.ts'

export const carType = 'application/vnd.ipld.car'
export const blockType = 'application/vnd.ipld.raw'

const header = (description: string): object => ({ type: 'string', description })
const text = (description: string): z.ZodType => z.string().optional().meta({ description })

const sampleCid = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'
/** A CID in a path, a query or JSON. */
export const cidText: z.ZodString = z
  .string()
  .min(1)
  .max(512)
  .meta({ description: 'A CID, in any base that is read.', examples: [sampleCid] })
/** What `content` is asked by. */
export const contentPath: z.ZodString = z
  .string()
  .min(1)
  .max(32_768)
  .meta({ description: 'A CID, or a CID and the names below it: `CID/photos/one.jpg`.', examples: [sampleCid] })

export const profileNames = ['unixfs-v1-2025', 'unixfs-v0-2015'] as const

const contentParams = z.object({ store: storeName, key: contentPath })
const blockParams = z.object({ store: storeName, cid: cidText })

const immutable = {
  ETag: header('The CID, in quotes.'),
  'Cache-Control': header('For ever: what a CID names never changes.'),
}
const served = {
  ...immutable,
  'Last-Modified': header('HTTP date, where the content says one.'),
  'Content-Type': header('application/octet-stream, save for blocks of dag-cbor and dag-json.'),
  'Content-Length': { type: 'integer' },
  'Content-Disposition': header('`attachment`.'),
  'Accept-Ranges': { type: 'string', enum: ['bytes'] },
}

const conditions = {
  'if-match': text('Only where the content is one of these.'),
  'if-none-match': text('Not where the content is one of these.'),
}
const notModified = nothing('It is content that the request names.')

export const readContentDescribed: Described = {
  operationId: 'readContent',
  tags: ['content'],
  summary: 'Content by its CID: the bytes of a file, a CAR, or what is known of it',
  description:
    'Every byte has been checked against its CID. A directory is listed at …/content?path=, and comes whole as a CAR.',
  params: contentParams,
  querystring: z.strictObject({
    format: z.enum(['car', 'entry']).optional().meta({
      description:
        '`car`: the blocks, as a CAR of version 1 that is made as it is sent. `entry`: what is known of it, as JSON; directories and links too.',
    }),
    scope: z.enum(['all', 'entity', 'block']).optional().meta({
      description: 'Of a CAR. All that is below; a file or directory without what the directory lists; one block.',
    }),
  }),
  headers: z.object({
    ...conditions,
    range: text('`bytes=0-99` or `bytes=-100`, of a file.'),
    'if-range': text('An etag: of other content the whole is served.'),
  }),
  response: {
    200: media('All of it.', {
      'application/octet-stream': bytes,
      'application/vnd.ipld.dag-cbor': bytes,
      'application/vnd.ipld.dag-json': bytes,
      [carType]: bytes,
      'application/json': answer('What is known of it.', { entry: entrySchema }),
    }),
    206: media('A range of a file.', { 'application/octet-stream': bytes }),
    304: notModified,
    404: failureSchema,
    409: failureSchema,
    416: failureSchema,
    default: failureSchema,
  },
  responseHeaders: {
    200: served,
    206: { ...served, 'Content-Range': header('Which bytes these are, and of how many.') },
    304: immutable,
    416: { 'Content-Range': header('`bytes */SIZE`.') },
  },
}

export const headContentDescribed: Described = {
  operationId: 'headContent',
  tags: ['content'],
  summary: 'What GET would tell of a file, without its bytes',
  description: 'A failure has no body: its code is in X-Kit-Error.',
  params: contentParams,
  querystring: z.strictObject({}),
  headers: z.object(conditions),
  response: { 200: nothing('It is there.'), 304: notModified, default: nothing('It failed.') },
  responseHeaders: { 200: served, 304: immutable },
}

export const addContentDescribed: Described = {
  operationId: 'addContent',
  tags: ['content'],
  summary: 'Takes in a file, or the blocks of a CAR',
  description:
    'What is not pinned, and part of nothing that is, goes with the next collection. The same bytes have the same CID, so that nothing happens the second time. Blocks of a CAR are checked as they come.',
  params: z.object({ store: storeName }),
  querystring: z.strictObject({
    profile: z
      .enum(profileNames)
      .optional()
      .meta({ description: 'How a file becomes blocks (IPIP-499). Default unixfs-v1-2025.' }),
    pin: flag('Keeps it from being collected, with all that is below.'),
    format: z.literal('car').optional().meta({ description: 'The body is a CAR, of version 1 or 2.' }),
  }),
  headers: z.object({
    'content-digest': text('`sha-256=:BASE64:`; a body that does not match is Corrupt, 400, and nothing is pinned.'),
  }),
  consumes: ['application/octet-stream', carType, '*/*'],
  body: bytes,
  response: {
    201: answer('It is there.', {
      entry: entrySchema.optional().meta({ description: 'Of a file: its `cid` is the root.' }),
      roots: z.array(z.string()).optional().meta({ description: 'Of a CAR: the roots that it names.' }),
    }),
    400: failureSchema,
    413: failureSchema,
    default: failureSchema,
  },
}

export const readBlockDescribed: Described = {
  operationId: 'readBlock',
  tags: ['content'],
  summary: 'The bytes of a block, checked against its CID',
  params: blockParams,
  querystring: z.strictObject({}),
  headers: z.object(conditions),
  response: {
    200: media('The block.', { [blockType]: bytes }),
    304: notModified,
    404: failureSchema,
    default: failureSchema,
  },
  responseHeaders: {
    200: {
      ...immutable,
      'Content-Type': header(blockType),
      'Content-Length': { type: 'integer' },
      'Content-Disposition': header('`attachment`.'),
    },
    304: immutable,
  },
}

export const headBlockDescribed: Described = {
  operationId: 'headBlock',
  tags: ['content'],
  summary: 'Whether a block is there',
  description: 'A failure has no body: its code is in X-Kit-Error.',
  params: blockParams,
  querystring: z.strictObject({}),
  headers: z.object(conditions),
  response: { 200: nothing('It is there.'), 304: notModified, default: nothing('It failed.') },
  responseHeaders: { 200: immutable, 304: immutable },
}

export const writeBlockDescribed: Described = {
  operationId: 'writeBlock',
  tags: ['content'],
  summary: 'Takes in a block',
  description:
    'Of at most 2 MiB and 64 KiB, of any codec. Bytes that are not those of the CID are Corrupt, 400. Nothing holds it until it is pinned, or part of what is.',
  params: blockParams,
  querystring: z.strictObject({}),
  consumes: ['application/octet-stream', blockType, '*/*'],
  body: bytes,
  response: {
    200: answer('It is there.', { cid: z.string().meta({ description: 'In its canonical base.' }) }),
    400: failureSchema,
    413: failureSchema,
    default: failureSchema,
  },
}
