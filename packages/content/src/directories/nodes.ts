import { type Bytes, storageError } from '@kit/core'
import { cidOf, codecs, parseCid } from '../cid/index.ts'
import type { Profile } from '../unixfs/index.ts'
import { type BlockCall, type BlockReader, type BlockWriter, maxBlockBytes, verified } from '../verify/index.ts'
import { decodeDirectory, type DirectoryNode } from './directory-node.ts'

/** Bytes of blocks whose `put` is waited for before more are made. */
const waitingBytesMax = 8 << 20

/** Blocks of directories, read and checked or made and put. */
export interface Nodes {
  /** @throws NotDirectory, Corrupt, NotFound */
  load(cid: string, call: BlockCall): Promise<DirectoryNode>
  /** Puts the block, and gives its CID. What is to last is waited for by `settled`. */
  save(node: DirectoryNode, call: BlockCall): Promise<string>
  /** Resolves when all that was saved is put, rejects when some of it could not be. */
  settled(): Promise<void>
}

/** Nodes that were decoded or made, the latest kept: shared by calls, so that a hot directory is read and taken apart once. */
export interface NodeCache {
  get(cid: string): DirectoryNode | undefined
  set(cid: string, node: DirectoryNode): void
}

export function nodesOf(
  reader: BlockReader,
  writer: BlockWriter | undefined,
  profile: Profile,
  cache?: NodeCache,
): Nodes {
  const blocks = verified(reader)
  const version = profile === 'unixfs-v0-2015' ? 0 : 1
  const waiting = new Set<Promise<void>>()
  let waitingBytes = 0
  let failed: { readonly error: unknown } | undefined

  function watch(put: Promise<void>, bytes: number): void {
    waitingBytes += bytes
    const watched = put
      .catch((error: unknown) => {
        failed ??= { error }
      })
      .finally(() => {
        waiting.delete(watched)
        waitingBytes -= bytes
      })
    waiting.add(watched)
  }

  async function settled(): Promise<void> {
    while (waiting.size > 0) await Promise.all(waiting)
    if (failed === undefined) return
    const { error } = failed
    failed = undefined
    throw error
  }

  return {
    async load(cid, call) {
      const known = cache?.get(cid)
      if (known !== undefined) return known
      if (parseCid(cid).codec !== codecs['dag-pb']) throw storageError('NotDirectory', `${cid} is no directory`)
      const node = decodeDirectory(await blocks.get(cid, call))
      cache?.set(cid, node)
      return node
    },
    async save(node, call) {
      requireSize(node.bytes)
      if (writer === undefined) throw storageError('ReadOnly', 'directories are only read here')
      const cid = cidOf('dag-pb', node.bytes, { version })
      const put = writer.put(cid, node.bytes, call)
      if (put !== undefined) watch(put, node.bytes.byteLength)
      cache?.set(cid, node)
      if (waitingBytes > waitingBytesMax) await settled()
      return cid
    },
    settled,
  }
}

function requireSize(bytes: Bytes): void {
  if (bytes.byteLength <= maxBlockBytes) return
  throw storageError(
    'TooLarge',
    `a shard of a directory would have ${bytes.byteLength} bytes; at most ${maxBlockBytes} can be read`,
  )
}

/** A cache that holds blocks of so many bytes, the least recently used leaving first. */
export function nodeCache(maxBytes: number): NodeCache {
  const nodes = new Map<string, DirectoryNode>()
  let bytes = 0
  return {
    get(cid) {
      const node = nodes.get(cid)
      if (node === undefined) return undefined
      nodes.delete(cid)
      nodes.set(cid, node)
      return node
    },
    set(cid, node) {
      const old = nodes.get(cid)
      if (old !== undefined) {
        bytes -= weight(old)
        nodes.delete(cid)
      }
      nodes.set(cid, node)
      bytes += weight(node)
      for (const [first, least] of nodes) {
        if (bytes <= maxBytes) break
        nodes.delete(first)
        bytes -= weight(least)
      }
    },
  }
}

/** The block, and for each link about as much as its name and what it points at take. */
function weight(node: DirectoryNode): number {
  return node.bytes.byteLength + 300 * node.names.length
}
