/**
 * Who is in the middle of something that collection must not disturb. Time is counted in epochs: a block that is put is given the present one,
 * and one of an epoch in which a lease was open, or of a later one, stays.
 */
export interface Leases {
  /** The present epoch, from 1 on. */
  readonly epoch: number
  /**
   * Begins an epoch, and keeps what is put from now on until it is disposed. `head`: a commit whose kept history stays as well, for whoever reads
   * in it or takes something over from it.
   */
  begin(head: string | undefined): Disposable
  /** Begins the epoch of a collection. Blocks of `from` and later stay. */
  collection(): { readonly from: number; readonly heads: readonly string[] }
}

export function noLeases(): Leases {
  const open = new Set<{ readonly epoch: number; readonly head: string | undefined }>()
  let epoch = 1
  return {
    get epoch() {
      return epoch
    },
    begin(head) {
      const lease = { epoch: ++epoch, head }
      open.add(lease)
      return { [Symbol.dispose]: () => void open.delete(lease) }
    },
    collection() {
      epoch++
      const heads = new Set([...open].flatMap(({ head }) => head ?? []))
      return { from: Math.min(epoch, ...[...open].map((lease) => lease.epoch)), heads: [...heads] }
    },
  }
}
