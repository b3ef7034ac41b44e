/** Which uploads in parts are under way, so that they can be listed. What finishes them is in their ids. */
export interface LedgerEntry {
  readonly store: string
  readonly id: string
  readonly key: string
  readonly partBytes: number
  /** ISO 8601. */
  readonly expires?: string | undefined
}

export interface UploadLedger {
  add(entry: LedgerEntry): Promise<void>
  remove(id: string): Promise<void>
  /** Those that have not expired. */
  list(store: string): Promise<readonly LedgerEntry[]>
}

/** Uploads that a ledger in memory keeps at most; the oldest goes first. */
const most = 10_000

/** A ledger that ends with the process. */
export function memoryLedger(): UploadLedger {
  const entries = new Map<string, LedgerEntry>()
  return {
    async add(entry) {
      entries.set(entry.id, entry)
      const [oldest] = entries.size > most ? entries.keys() : []
      if (oldest !== undefined) entries.delete(oldest)
    },
    async remove(id) {
      entries.delete(id)
    },
    async list(store) {
      const now = Date.now()
      for (const [id, { expires }] of entries) {
        if (expires !== undefined && Date.parse(expires) < now) entries.delete(id)
      }
      return [...entries.values()].filter((entry) => entry.store === store)
    },
  }
}
