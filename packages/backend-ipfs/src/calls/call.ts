/** For every call of the client. */
export interface KuboCall {
  /** Cancels: the call rejects with Aborted soon after, and its connection is freed. */
  readonly signal?: AbortSignal | undefined
}
