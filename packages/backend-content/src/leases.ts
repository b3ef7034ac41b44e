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
  begin(head: string | undefined): Lease
  /** Begins the epoch of a collection. Blocks of `from` and later stay. */
  collection(): { readonly from: number; readonly heads: readonly string[] }
}

export interface Lease extends Disposable {
  /** Ends it once those that are open now have ended: for a call that was given up, whose work may be in the hands of another. */
  endAfterOthers(): void
}

interface Open {
  readonly epoch: number
  readonly head: string | undefined
  /** Set where it only waits for these. */
  waitsFor?: Set<Open>
}

export function noLeases(): Leases {
  const open = new Set<Open>()
  let epoch = 1

  function end(lease: Open): void {
    if (!open.delete(lease)) return
    for (const other of open) {
      if (other.waitsFor?.delete(lease) === true && other.waitsFor.size === 0) end(other)
    }
  }

  return {
    get epoch() {
      return epoch
    },
    begin(head) {
      const lease: Open = { epoch: ++epoch, head }
      open.add(lease)
      return {
        endAfterOthers() {
          lease.waitsFor = new Set([...open].filter((other) => other !== lease && other.waitsFor === undefined))
          if (lease.waitsFor.size === 0) end(lease)
        },
        [Symbol.dispose]: () => end(lease),
      }
    },
    collection() {
      epoch++
      const heads = new Set([...open].flatMap(({ head }) => head ?? []))
      return { from: Math.min(epoch, ...[...open].map((lease) => lease.epoch)), heads: [...heads] }
    },
  }
}
