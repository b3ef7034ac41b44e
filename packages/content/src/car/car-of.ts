import { type ByteRange, type Bytes, type ByteStream, resolveRange, storageError } from '@kit/core'
import { type Block, type DagLimits, walkDag } from '../dag/index.ts'
import { knownLimits, tooDeep, tooManyLinks } from '../dag/limits.ts'
import { type Pending, readAhead } from '../dag/read-ahead.ts'
import { decodeUnixFs, type UnixFsNode } from '../unixfs/index.ts'
import { type FileNode, walkFile } from '../unixfs/read-file.ts'
import type { BlockCall, BlockReader } from '../verify/index.ts'
import { writeCar } from './write-car.ts'

/** The block alone; the whole file, or the directory without what it lists; everything below. */
export type CarScope = 'block' | 'entity' | 'all'

/** What a CAR is made of. */
export interface CarSubject {
  readonly cid: string
  readonly bytes: Bytes
  readonly node?: FileNode | undefined
  readonly directory?: UnixFsNode | undefined
}

export interface CarCall extends BlockCall {
  readonly scope: CarScope
  readonly range?: ByteRange | undefined
  readonly limits?: DagLimits | undefined
}

/** The CAR of a subject. `way`: blocks that go before it; they are read once more, for there may be many. */
export function carOf(reader: BlockReader, subject: CarSubject, way: ReadonlySet<string>, call: CarCall): ByteStream {
  if (call.range !== undefined && call.scope !== 'entity') {
    throw storageError('Unsupported', 'a part of a file is asked for with scope `entity`')
  }
  // A range that no file of this size has is told now, before the first byte.
  const range = resolveRange(call.range, subject.node?.fileSize ?? 0)
  return writeCar({ roots: [subject.cid], blocks: blocksOf(reader, subject, way, range, call) })
}

async function* blocksOf(
  reader: BlockReader,
  subject: CarSubject,
  way: ReadonlySet<string>,
  range: { readonly from: number; readonly to: number },
  call: CarCall,
): AsyncGenerator<Block> {
  const { cid: root, bytes, node, directory } = subject
  const seen = new Set<string>()
  for (const cid of way) {
    if (cid === root) continue
    seen.add(cid)
    yield { cid, bytes: await reader.get(cid, call) }
  }
  const first = (cid: string): boolean => !seen.has(cid) && seen.add(cid).size > 0
  if (call.scope === 'all') {
    yield* walkDag(reader, root, call, { limits: call.limits, seen })
  } else if (call.scope === 'entity' && node !== undefined) {
    for await (const block of walkFile(reader, { cid: root, bytes, node }, range, call)) {
      if (first(block.cid)) yield { cid: block.cid, bytes: block.bytes }
    }
  } else {
    yield { cid: root, bytes }
    if (call.scope === 'entity' && directory !== undefined) yield* shardsOf(reader, root, directory, call)
  }
}

interface Shard extends Pending {
  readonly depth: number
}

/** The shards of a directory below its root, depth first. */
async function* shardsOf(
  reader: BlockReader,
  root: string,
  directory: UnixFsNode,
  call: CarCall,
): AsyncGenerator<Block> {
  const limits = knownLimits(call.limits)
  const seen = new Set([root])
  using shards = readAhead<Shard>(reader, call)
  const push = (cid: string, { type, links, fanout = 256 }: UnixFsNode, depth: number): void => {
    if (type !== 'hamt-shard') return
    // A link to a shard is named by its place alone; one to an entry goes on with the entry's name.
    const width = (fanout - 1).toString(16).length
    const below = links.filter(({ name }) => name.length === width)
    if (below.length > 0 && depth === limits.depth) throw tooDeep(cid, limits)
    if (shards.size + below.length > limits.links) throw tooManyLinks(cid, limits)
    shards.push(below.map((link) => ({ cid: link.cid, depth: depth + 1 })))
  }
  push(root, directory, 1)
  for (let next = shards.top(); next !== undefined; next = shards.top()) {
    if (seen.has(next.cid)) {
      shards.drop()
      continue
    }
    const { item, bytes } = await shards.take()
    seen.add(item.cid)
    yield { cid: item.cid, bytes }
    push(item.cid, decodeUnixFs(bytes), item.depth)
  }
}
