import type { Profile } from './node.ts'

/** What a profile settles (IPIP-499). Directories have rules of their own, see `directories/`. */
export interface ProfileRules {
  readonly version: 0 | 1
  /** Leaves are the bytes alone (codec raw), or UnixFS nodes around them. */
  readonly rawLeaves: boolean
  readonly chunkBytes: number
  /** Links of one node of a file. */
  readonly maxLinks: number
}

export const profiles: { readonly [Name in Profile]: ProfileRules } = {
  'unixfs-v1-2025': { version: 1, rawLeaves: true, chunkBytes: 1 << 20, maxLinks: 1024 },
  'unixfs-v0-2015': { version: 0, rawLeaves: false, chunkBytes: 256 << 10, maxLinks: 174 },
}
