import type { Bytes } from '@kit/core'
import { decodePb } from '../unixfs/protobuf.ts'
import { checkBlockSize } from '../verify/blocks.ts'
import { linksOfCbor } from './cbor-links.ts'
import { decodeNode, knownCodec } from './nodes.ts'

/**
 * The CIDs that a block links to, in the order in which they stand in it, repeated where it repeats them. Builds no values: cheap
 * enough to walk a DAG by.
 * @throws Corrupt for bytes that are none of the codec; Unsupported for a codec not known here, whose links nobody can tell.
 */
export function linksOf(cid: string, bytes: Bytes): string[] {
  checkBlockSize(cid, bytes.byteLength)
  switch (knownCodec(cid)) {
    case 'raw':
      return []
    case 'dag-pb':
      return decodePb(bytes).links.map((link) => link.cid)
    case 'dag-cbor':
      return linksOfCbor(bytes)
    case 'dag-json': {
      const found: string[] = []
      gather(decodeNode(cid, bytes), found)
      return found
    }
  }
}

function gather(value: unknown, found: string[]): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return
  const inner: [string, unknown][] = Object.entries(value)
  const [only] = inner
  if (inner.length === 1 && only?.[0] === '/' && typeof only[1] === 'string') found.push(only[1])
  else for (const [, each] of inner) gather(each, found)
}
