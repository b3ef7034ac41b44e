import type { Context } from './context.ts'

export type PinMode = 'recursive' | 'direct' | 'indirect'

/** One pin as the store tells it. */
export interface Pin {
  readonly cid: string
  readonly name?: string | undefined
  readonly mode: PinMode
  readonly status: 'queued' | 'pinning' | 'pinned' | 'failed'
  /** How many copies are confirmed. */
  readonly copies?: number | undefined
  readonly expires?: Date | undefined
  readonly metadata?: Readonly<Record<string, string>> | undefined
}

export interface PinOptions {
  readonly mode?: 'recursive' | 'direct' | undefined
  readonly name?: string | undefined
  readonly copies?: { readonly min: number; readonly max: number } | undefined
  readonly metadata?: Readonly<Record<string, string>> | undefined
}

export interface PinFilter {
  readonly name?: string | undefined
  readonly mode?: PinMode | undefined
  readonly cursor?: string | undefined
  readonly limit?: number | undefined
}

/** What must not be collected. */
export interface Pins {
  /** Pinning twice is success. */
  add(context: Context, cid: string, options: PinOptions): Promise<Pin>
  /** An unpinned CID is NotFound. */
  remove(context: Context, cid: string): Promise<void>
  get(context: Context, cid: string): Promise<Pin>
  list(
    context: Context,
    options: PinFilter,
  ): AsyncIterable<{ readonly pins: readonly Pin[]; readonly cursor?: string | undefined }>
}
