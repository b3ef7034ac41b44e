/** What one check found. */
export interface Finding {
  /** What was looked at: `node`, `config`, `store photos`. */
  readonly check: string
  readonly state: 'ok' | 'warn' | 'fail'
  readonly message: string
  /** What to do about it. */
  readonly advice?: string | undefined
  /** How long it took, where that tells something. */
  readonly ms?: number | undefined
}

export function fine(check: string, message: string, ms?: number): Finding {
  return { check, state: 'ok', message, ...(ms === undefined ? {} : { ms }) }
}

export function doubtful(check: string, message: string, advice: string): Finding {
  return { check, state: 'warn', message, advice }
}

export function broken(check: string, message: string, advice: string): Finding {
  return { check, state: 'fail', message, advice }
}

/** The message without the code before it. */
export function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/^[A-Z]\w+: /, '')
}
