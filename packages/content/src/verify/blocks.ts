import { type Bytes, storageError } from '@kit/core'

/** Where blocks are read. What it gives is not believed: see `verified`. */
export interface BlockReader {
  /** The block's bytes, which nobody changes afterwards. `cid` is canonical text. @throws NotFound */
  get(cid: string, call: BlockCall): Promise<Bytes>
}

/** Where blocks are written. */
export interface BlockWriter {
  /**
   * Keeps a block; one that is there already is no error. The bytes are the caller's again when `put` has settled (or has returned
   * nothing), so whoever needs them longer copies them. Calls may run in parallel.
   */
  put(cid: string, bytes: Bytes, call: BlockCall): Promise<void> | void
}

export interface BlockCall {
  readonly signal: AbortSignal
}

/** Longest block in bytes that is read: 2 MiB, what the public network passes on, and room for an envelope. */
export const maxBlockBytes: number = (2 << 20) + (64 << 10)

/** @throws TooLarge for a block that no peer would pass on. */
export function checkBlockSize(cid: string, bytes: number): void {
  if (bytes > maxBlockBytes) {
    throw storageError('TooLarge', `the block ${cid} has ${bytes} bytes; at most ${maxBlockBytes} are read`)
  }
}
