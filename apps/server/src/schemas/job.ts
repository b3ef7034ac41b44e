import { z } from 'zod'
import { storeName } from './describe.ts'
import { errorSchema } from './outcome.ts'
import type { JobRequest } from '../jobs/job.ts'

const rule = z.string().min(1).max(1024)
const rules = z.array(rule).max(1000).optional()
const time = z.number().min(-8.64e15).max(8.64e15).optional()
const size = z.int().nonnegative().optional()

/** Jobs are kept with what was asked of them. */
const filterMaxChars = 65_536

const filterSchema = z
  .strictObject({
    rules,
    exclude: rules,
    include: rules,
    minSize: size,
    maxSize: size,
    changedFrom: time.meta({ description: 'Unix ms.' }),
    changedBefore: time.meta({ description: 'Unix ms.' }),
  })
  .refine(
    (filter) => JSON.stringify(filter).length <= filterMaxChars,
    `has at most ${filterMaxChars} characters as JSON`,
  )
  .meta({ description: 'Which objects the job is about. The first rule that matches decides.' })

const end = z.strictObject({
  store: storeName.min(1).max(256),
  key: z
    .string()
    .max(32_768)
    .meta({ description: 'An object, or a directory with all below it; "" is the whole store.' }),
})

const options = {
  filter: filterSchema.optional(),
  delete: z.boolean().optional().meta({ description: 'Of a sync: what is only at the target goes.' }),
  dryRun: z.boolean().optional().meta({ description: 'Only tells, as items, what it would do.' }),
  checksum: z.boolean().optional().meta({ description: 'Compares hashes, never size and time alone.' }),
  force: z.boolean().optional().meta({ description: 'Copies what is the same, too.' }),
  ifAbsent: z.boolean().optional().meta({ description: 'Leaves alone whatever is at the target.' }),
  links: z.enum(['keep', 'follow', 'skip']).optional().meta({ description: 'Default keep.' }),
}

const kind = z.enum(['copy', 'move', 'sync', 'check'])

export const jobBody: z.ZodType<JobRequest, JobRequest> = z
  .strictObject({ kind, from: end, to: end, ...options })
  .meta({
    examples: [
      { kind: 'sync', from: { store: 'files', key: '2026' }, to: { store: 'backup', key: '2026' }, delete: true },
    ],
  })

const count = z.int().nonnegative()

const progressSchema = z
  .object({
    items: z.object({ done: count, failed: count, skipped: count, total: count }),
    bytes: z.object({ done: count, total: count }),
    planning: z.boolean().meta({ description: 'While true, the totals still grow.' }),
    bytesPerSecond: z.number(),
    remainingSeconds: z.number().optional(),
    active: z.array(z.object({ key: z.string(), bytes: count, total: count.optional() })),
  })
  .meta({ id: 'Progress', description: 'How far a job is.' })

export const jobSchema: z.ZodType = z
  .object({
    id: z.string(),
    kind,
    from: end,
    to: end,
    options: z.object(options),
    state: z.enum(['queued', 'running', 'done', 'failed', 'cancelled']),
    progress: progressSchema.optional(),
    summary: z.record(z.string(), z.number()).optional().meta({
      description:
        'Sums: copied, moved, deleted, skipped, failed, bytes, seconds; of a check same, differs, onlyLeft, onlyRight, failed; of a dry run the number of each action.',
    }),
    error: errorSchema.optional(),
    created: z.iso.datetime(),
    started: z.iso.datetime().optional(),
    ended: z.iso.datetime().optional(),
  })
  .meta({ id: 'Job', description: 'A transfer that goes on by itself. `failed` also where only some objects failed.' })
