import { errorCodes } from '@kit/core'
import { z } from 'zod'

/** The head of every JSON answer. */
export const outcome: {
  readonly success: z.ZodBoolean
  readonly operation: z.ZodString
  readonly timestamp: z.ZodISODateTime
  readonly correlation_id: z.ZodString
} = {
  success: z.boolean(),
  operation: z.string(),
  timestamp: z.iso.datetime(),
  correlation_id: z.string(),
}

/** An error as JSON tells it, of a request or of one item. */
export const errorSchema: z.ZodType = z
  .object({
    code: z.enum(errorCodes),
    message: z.string(),
    hint: z.string().optional(),
    retry: z.enum(['never', 'safe', 'exhausted']).meta({ description: 'Whether asking again may help.' }),
    applied: z.enum(['no', 'maybe', 'yes']).optional().meta({ description: 'Whether the change may have happened.' }),
    store: z.string().optional(),
    key: z.string().optional(),
    retryAfterMs: z.number().optional(),
    requestId: z.string().optional(),
  })
  .meta({ id: 'Error', description: 'What went wrong, and what to do.' })

export const failureSchema: z.ZodType = z
  .object({
    ...outcome,
    success: z.literal(false),
    error: errorSchema,
    error_type: z.string().optional(),
    recoverable: z.boolean().optional(),
  })
  .meta({
    id: 'Failure',
    description: 'The request failed. The status follows from the code, which is in X-Kit-Error too.',
    examples: [
      {
        success: false,
        operation: 'read',
        timestamp: '2026-11-21T12:00:00.000Z',
        correlation_id: '4d1c2b0e-8f7a-4b52-9d0e-0a4f6a1f2b3c',
        error: {
          code: 'NotFound',
          message: 'NotFound: read "none" on files: there is no such object',
          hint: 'Check the key; `list` shows what is there.',
          retry: 'never',
          applied: 'no',
          store: 'files',
          key: 'none',
          requestId: '4d1c2b0e-8f7a-4b52-9d0e-0a4f6a1f2b3c',
        },
        error_type: 'IPFSContentNotFoundError',
        recoverable: false,
      },
    ],
  })
