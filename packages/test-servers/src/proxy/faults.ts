/** `up` runs from the client to the target, `down` from the target to the client. */
export type Direction = 'up' | 'down'

/** What happens to a connection when the byte after `afterBytes` would pass. */
export interface Limit {
  readonly direction: Direction
  /** Bytes that still pass in that direction, counted per connection from when the limit was set. With HTTP heads count too. */
  readonly afterBytes: number
  /**
   * `stall`: the connection stays open, nothing passes in that direction until the limit is lifted;
   * `reset`: both sides get a TCP RST; `end`: the receiving side gets a FIN, as if the sender had finished.
   */
  readonly fate: 'stall' | 'reset' | 'end'
  /** How many connections it strikes before it is lifted by itself. Default: all. */
  readonly times?: number | undefined
}

export interface RequestHead {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

export interface Answer {
  readonly status: number
  /** Content-Length is set by the proxy. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: string | Uint8Array | undefined
}

/** Replaces the answer to some HTTP requests. The first that matches a request is used. */
export interface Injection {
  /** Which requests. Default: all. */
  readonly when?: ((request: RequestHead) => boolean) | undefined
  /** How many of them. Default: 1. */
  readonly times?: number | undefined
  /**
   * Default: false, the target never sees the request. With true the target carries it out and its answer is lost:
   * applied, but the client cannot know.
   */
  readonly forward?: boolean | undefined
  /**
   * What the client gets instead: an answer, `reset` for a connection that breaks without one, or a function of the
   * target's real answer (with `forward`), as to damage a body.
   */
  readonly answer:
    | Answer
    | 'reset'
    | ((real: { status: number; headers: Record<string, string>; body: Buffer }) => Answer)
}

export interface Faults {
  /** Delay of every byte in each direction, in milliseconds; the throughput stays. */
  readonly latencyMs?: number | undefined
  /** Bandwidth of each connection in each direction. */
  readonly bytesPerSecond?: number | undefined
  /** New connections are refused, as if nobody listened. Open ones go on. */
  readonly refuse?: boolean | undefined
  readonly limit?: Limit | undefined
  /** Only for a proxy with `http: true`. */
  readonly inject?: readonly Injection[] | undefined
}

/** The faults in force, read by every connection at each step. */
export interface FaultState {
  readonly current: Faults
  /** Grows each time that a new limit is set; connections count their bytes from it. */
  readonly limitEpoch: number
  /** Uses up one strike of the limit. */
  struck(): void
  /** The injection for this request, used up by it. */
  injectionFor(request: RequestHead): Injection | undefined
  /** Resolves at the next change. */
  changed(): Promise<void>
  /** Sets what is named in `patch` and leaves the rest; without a patch nothing is wrong any more. */
  change(patch?: Faults): void
}

export function faultState(): FaultState {
  let current: Faults = {}
  let limitEpoch = 0
  let strikesLeft = Infinity
  let injections: { readonly injection: Injection; left: number }[] = []
  let next = Promise.withResolvers<void>()
  const announce = (): void => {
    next.resolve()
    next = Promise.withResolvers()
  }
  return {
    get current() {
      return current
    },
    get limitEpoch() {
      return limitEpoch
    },
    struck() {
      strikesLeft--
      if (strikesLeft > 0) return
      current = { ...current, limit: undefined }
      announce()
    },
    injectionFor(request) {
      const found = injections.find(({ injection, left }) => left > 0 && (injection.when?.(request) ?? true))
      if (found === undefined) return undefined
      found.left--
      return found.injection
    },
    changed: () => next.promise,
    change(patch) {
      current = patch === undefined ? {} : { ...current, ...patch }
      if (patch === undefined || 'limit' in patch) {
        limitEpoch++
        strikesLeft = current.limit?.times ?? Infinity
      }
      if (patch === undefined || 'inject' in patch) {
        injections = (current.inject ?? []).map((injection) => ({ injection, left: injection.times ?? 1 }))
      }
      announce()
    },
  }
}
