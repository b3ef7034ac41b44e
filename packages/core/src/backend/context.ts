/** Per call. Core makes it; a backend passes `signal` to everything that waits. */
export interface Context {
  /** Aborts when the caller cancels, a deadline passes or a body stalls. `reason` is the StorageError to reject with. */
  readonly signal: AbortSignal
  /** One per call of the user, the same in every attempt: for logs, and for servers that take a request id. */
  readonly requestId: string
  /** 1 at first. */
  readonly attempt: number
  log(level: 'debug' | 'info' | 'warn', message: string, fields?: Readonly<Record<string, unknown>>): void
}
