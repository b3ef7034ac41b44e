import type { Context } from './context.ts'
import type { Bytes } from './values.ts'

/** Raw blocks by CID. CIDs are strings in their canonical base. */
export interface Blocks {
  /** The bytes as received: `@kit/content` verifies them. */
  get(context: Context, cid: string): Promise<Bytes>
  has(context: Context, cid: string): Promise<boolean>
  /** Absent on read-only stores, such as gateways. */
  put?(context: Context, cid: string, bytes: Bytes): Promise<void>
  putMany?(context: Context, blocks: AsyncIterable<{ readonly cid: string; readonly bytes: Bytes }>): Promise<void>
  /** Frees space and tells what went, with its size where the store tells that. Only unpinned, unreferenced blocks ever go. */
  collect?(context: Context): AsyncIterable<{ readonly cid: string; readonly bytes?: number | undefined }>
}
