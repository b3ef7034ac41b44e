import { z } from 'zod'

const hashes = ['sha256', 'blake3', 'md5', 'sha1', 'crc32', 'crc32c', 'crc64nvme'] as const

/** What stat, list and write tell about one object. */
export const entrySchema: z.ZodType = z
  .object({
    kind: z.enum(['file', 'directory', 'link']),
    key: z.string(),
    size: z.int().nonnegative().optional().meta({ description: 'In bytes.' }),
    etag: z.string().optional().meta({ description: 'As the ETag header spells it.' }),
    modified: z.iso.datetime().optional(),
    mode: z.int().min(0).max(0o7777).optional().meta({ description: 'POSIX permission bits.' }),
    contentType: z.string().optional(),
    contentEncoding: z.string().optional(),
    contentDisposition: z.string().optional(),
    cacheControl: z.string().optional(),
    metadata: z.record(z.string(), z.string()).optional(),
    version: z.string().optional(),
    cid: z.string().optional(),
    id: z.string().optional(),
    target: z.string().optional().meta({ description: 'Where a link points.' }),
    hashes: z.partialRecord(z.enum(hashes), z.string()).optional(),
    state: z.enum(['online', 'archived', 'pending']).optional(),
  })
  .meta({
    id: 'Entry',
    description: 'One object, as far as its store tells it.',
    examples: [
      { kind: 'file', key: '2026/trip.json', size: 10, etag: '"5d41402a"', modified: '2026-11-21T12:00:00.000Z' },
    ],
  })

/** Fields that a listing may be asked for. */
export const entryFields = [
  'size',
  'etag',
  'modified',
  'mode',
  'contentType',
  'contentEncoding',
  'contentDisposition',
  'cacheControl',
  'metadata',
  'version',
  'cid',
  'id',
  'target',
  'hashes',
  'state',
] as const

const text = z.string().max(8_192)
// Not \p{Cc}: the pattern stands in the OpenAPI document, and not every reader of JSON Schema knows properties of Unicode.
// oxlint-disable-next-line no-control-regex -- what it is there to keep out
const noControls = /^[^\u0000-\u001F\u007F-\u009F]*$/

/** Attributes that a caller sets in JSON. */
export const attributesShape: {
  readonly contentType: z.ZodOptional<z.ZodString>
  readonly contentEncoding: z.ZodOptional<z.ZodString>
  readonly contentDisposition: z.ZodOptional<z.ZodString>
  readonly cacheControl: z.ZodOptional<z.ZodString>
  readonly metadata: z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodString>>
  readonly modified: z.ZodOptional<z.ZodISODateTime>
  readonly mode: z.ZodOptional<z.ZodInt>
} = {
  contentType: text.regex(noControls).optional(),
  contentEncoding: text.regex(noControls).optional(),
  contentDisposition: text.regex(noControls).optional(),
  cacheControl: text.regex(noControls).optional(),
  metadata: z
    .record(z.string().regex(/^[!#$%&'*+.^_`|~0-9a-z-]{1,256}$/, 'is a lower-case ASCII token'), text.regex(noControls))
    .optional(),
  modified: z.iso.datetime({ offset: true }).optional(),
  mode: z.int().min(0).max(0o7777).optional(),
}
