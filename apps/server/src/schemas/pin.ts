import { z } from 'zod'

export const pinModes = ['recursive', 'direct', 'indirect'] as const

export const pinSchema: z.ZodType = z
  .object({
    cid: z.string(),
    name: z.string().optional(),
    mode: z.enum(pinModes).meta({ description: '`indirect`: below another that is pinned with all that is below it.' }),
    status: z.enum(['queued', 'pinning', 'pinned', 'failed']),
    copies: z.int().nonnegative().optional().meta({ description: 'How many are confirmed.' }),
    expires: z.iso.datetime().optional(),
    metadata: z.record(z.string(), z.string()).optional(),
  })
  .meta({ id: 'Pin', description: 'What is not to be collected, as far as the store tells it.' })
