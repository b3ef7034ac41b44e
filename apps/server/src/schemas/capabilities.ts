import { z } from 'zod'

const how = z
  .enum(['native', 'emulated'])
  .meta({ id: 'How', description: '`native`: one call of the store does it. `emulated`: it is made out of several.' })
const some = how.optional()
const level = z.enum(['none', 'low', 'medium', 'high', 'very high'])
const most = z.int().nonnegative().optional()

const operationNames = [
  'write',
  'list',
  'delete',
  'deleteMany',
  'batch',
  'copy',
  'move',
  'append',
  'update',
  'url',
  'versions',
  'changes',
  'search',
  'usage',
  'ping',
  'open',
  'upload',
  'directories',
  'links',
  'blocks',
  'content',
  'pins',
  'ipns',
] as const

/** What a store can do, as `Store.capabilities` tells it. */
export const capabilitiesSchema: z.ZodType = z
  .object({
    ops: z.partialRecord(z.enum(operationNames), how),
    etag: z.enum(['strong', 'weak']).optional(),
    read: z.object({ range: some, ifMatch: some, ifNoneMatch: some, version: some }),
    write: z
      .object({
        atomic: some,
        durable: z.enum(['process', 'power']),
        ifAbsent: some,
        ifMatch: some,
        conditionScope: z.enum(['store', 'host', 'process']).optional(),
        unknownSize: some,
        parents: z.literal('required').optional(),
        attributes: z.array(z.string()),
        metadataMaxBytes: most,
        checks: z.array(z.string()).optional(),
        maxBytes: most,
      })
      .optional(),
    copy: z.object({ ifAbsent: some, ifMatch: some, fromEtag: some }).optional(),
    move: z.object({ ifAbsent: some, ifMatch: some, replaces: z.literal('gap').optional() }).optional(),
    list: z
      .object({
        recursive: some,
        after: some,
        cursor: z.literal(true).optional(),
        ordered: some,
        pageMax: z.int().positive(),
        fields: z.array(z.string()),
      })
      .optional(),
    delete: z.object({ ifMatch: some, batchMax: most }).optional(),
    keys: z.object({
      maxBytes: z.int(),
      segmentMaxBytes: most,
      forbidden: z.string().optional(),
      reserved: z.array(z.string()).optional(),
      names: z.enum(['unicode', 'bytes']).optional(),
      anySegment: z.literal(true).optional(),
      caseSensitive: z.boolean(),
      unicode: z.enum(['exact', 'nfc', 'nfd']),
      fileAndPrefix: z.literal(true).optional(),
    }),
    directories: z.enum(['real', 'marker', 'implied']),
    consistent: z.object({ read: z.boolean(), list: z.boolean() }),
    changes: z.object({ resumable: z.boolean() }).optional(),
    upload: z
      .object({ partMinBytes: z.int(), partMaxBytes: z.int(), partsMax: z.int(), list: z.literal(true).optional() })
      .optional(),
    hints: z
      .object({
        latencyMs: z.number().optional(),
        throughput: level.optional(),
        durability: level.optional(),
        cost: level.optional(),
        concurrency: z.number().optional(),
        opsPerSecond: z.number().optional(),
        localFiles: z.boolean().optional(),
      })
      .optional(),
  })
  .meta({ id: 'Capabilities', description: 'What a store can do. What is not named, it refuses with Unsupported.' })
