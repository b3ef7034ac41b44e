/** What the server says of one failure, of a whole answer or of one item in it. */
export interface Problem {
  /** One of the codes of `docs/errors.md`, or one that a newer server knows. */
  readonly code: string
  readonly message?: string | undefined
  /** What the caller can do. */
  readonly hint?: string | undefined
  /** Whether asking again may help: `safe`; `exhausted`: the server has tried often enough; `never`. */
  readonly retry?: 'never' | 'safe' | 'exhausted' | undefined
  /** Whether the change may have happened. */
  readonly applied?: 'no' | 'maybe' | 'yes' | undefined
  readonly store?: string | undefined
  readonly key?: string | undefined
  readonly retryAfterMs?: number | undefined
  readonly requestId?: string | undefined
}

const retries = ['never', 'safe', 'exhausted'] as const
const applications = ['no', 'maybe', 'yes'] as const

/** What an `error` in an answer says; `undefined` where it is none. */
export function asProblem(value: unknown): Problem | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const text = (name: string): string | undefined => {
    const member: unknown = Reflect.get(value, name)
    return typeof member === 'string' ? member : undefined
  }
  const code = text('code')
  if (code === undefined) return undefined
  const wait: unknown = Reflect.get(value, 'retryAfterMs')
  return {
    code,
    message: text('message'),
    hint: text('hint'),
    retry: retries.find((word) => word === text('retry')),
    applied: applications.find((word) => word === text('applied')),
    store: text('store'),
    key: text('key'),
    retryAfterMs: typeof wait === 'number' && wait >= 0 ? wait : undefined,
    requestId: text('requestId'),
  }
}

/** More than an error of the server has. */
const maxBytes = 1 << 20

/** What an answer that is no success says: its JSON, else the code in its header. The answer's body is consumed. */
export async function readProblem(response: Response): Promise<Problem> {
  const code = response.headers.get('x-kit-error') ?? 'Unexpected'
  const requestId = response.headers.get('x-request-id') ?? undefined
  const bare: Problem = { code, message: `HTTP ${response.status} ${response.statusText}`.trim(), requestId }
  try {
    const body: unknown = JSON.parse(await startOf(response, maxBytes))
    const error: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'error') : undefined
    return asProblem(error) ?? bare
  } catch {
    // No JSON, or broken off: the status and the code say enough.
    return bare
  }
}

async function startOf(response: Response, most: number): Promise<string> {
  const reader = response.body?.getReader()
  if (reader === undefined) return ''
  const decoder = new TextDecoder()
  let text = ''
  try {
    for (let step = await reader.read(); !step.done && text.length < most; step = await reader.read()) {
      text += decoder.decode(step.value, { stream: true })
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
  return text
}
