import { bytesSource, type Bytes } from '@kit/core'
import { importFile, linksOf, type Profile } from '@kit/content'
import type { Block } from './hostile-gateway.ts'

export interface FileDag {
  readonly root: string
  readonly bytes: Bytes
  readonly blocks: Map<string, Bytes>
  /** Depth first, as often as they are linked. */
  readonly order: readonly string[]
}

/** Bytes that repeat nowhere, of a seed. */
export function noise(length: number, seed = 1): Bytes {
  const bytes = new Uint8Array(length)
  let state = seed >>> 0 || 1
  for (let at = 0; at < length; at++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[at] = state
  }
  return bytes
}

/** A file as blocks: of 256 KiB in the profile of 2015, of 1 MiB in that of 2025. */
export async function fileDag(bytes: Bytes, profile: Profile = 'unixfs-v0-2015'): Promise<FileDag> {
  const blocks = new Map<string, Bytes>()
  const writer = { put: (cid: string, block: Bytes): void => void blocks.set(cid, new Uint8Array(block)) }
  const { signal } = new AbortController()
  const { cid } = await importFile(bytesSource(bytes), writer, { profile, signal })
  return { root: cid, bytes, blocks, order: depthFirst(cid, blocks) }
}

function depthFirst(root: string, blocks: ReadonlyMap<string, Bytes>): string[] {
  const bytes = blocks.get(root)
  if (bytes === undefined) return []
  return [root, ...linksOf(root, bytes).flatMap((link) => depthFirst(link, blocks))]
}

export function inOrder({ order, blocks }: FileDag): Block[] {
  return order.map((cid) => ({ cid, bytes: blocks.get(cid) ?? new Uint8Array() }))
}
