/** Bounds on what a client may take of the server. */
export interface Limits {
  /** Of the request line and all headers together, in bytes; beyond it 431. */
  readonly maxHeaderBytes: number
  /** Header fields in a request; beyond it 431. */
  readonly maxHeaders: number
  /** Until all headers of a request have arrived, in ms. */
  readonly headersTimeoutMs: number
  /** Between two requests on one connection, in ms. */
  readonly keepAliveMs: number
  /** Without any progress by a client that is sending or receiving a body, in ms. */
  readonly stallMs: number
  /** How long the rest of a body that nobody wants is read, so that the client gets to see the answer, in ms. */
  readonly lingerMs: number
  /** Connections at once; more are closed as they come. */
  readonly maxConnections: number
  /** Of an uploaded body; beyond it TooLarge. */
  readonly maxBodyBytes: number
  /** Requests in progress at once; beyond it Unavailable. */
  readonly maxRequests: number
  /** Of one token, or of one address where there are none; beyond it RateLimited. */
  readonly maxRequestsPerClient: number
  /** Requests that one token or address begins in a minute; beyond it RateLimited. 0: any number. */
  readonly ratePerMinute: number
  /** Tokens that are none from one address in a minute; beyond it RateLimited. 0: any number. */
  readonly authFailuresPerMinute: number
}

export const defaultLimits: Limits = {
  maxHeaderBytes: 16_384,
  maxHeaders: 200,
  headersTimeoutMs: 20_000,
  keepAliveMs: 30_000,
  stallMs: 60_000,
  lingerMs: 5_000,
  maxConnections: 2_000,
  maxBodyBytes: Number.POSITIVE_INFINITY,
  maxRequests: 1_000,
  maxRequestsPerClient: 500,
  ratePerMinute: 0,
  authFailuresPerMinute: 30,
}
