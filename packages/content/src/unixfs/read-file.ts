import { type Bytes, storageError } from '@kit/core'
import { parseCid } from '../cid/cid.ts'
import { codecs } from '../cid/codes.ts'
import { type DagLimits, knownLimits, tooDeep, tooManyLinks } from '../dag/limits.ts'
import { type Pending, readAhead } from '../dag/read-ahead.ts'
import { type BlockCall, type BlockReader, maxBlockBytes } from '../verify/blocks.ts'
import { verified } from '../verify/check-block.ts'
import { decodeUnixFs, type UnixFsNode } from './node.ts'

/** A node of a file, checked against itself: its sizes agree. */
export interface FileNode {
  /** The file's own bytes in this node, before those of its children. */
  readonly data: Bytes
  readonly fileSize: number
  readonly children: readonly { readonly cid: string; readonly size: number }[]
  /** Absent for a raw block. */
  readonly unixFs?: UnixFsNode | undefined
}

const nothing: Bytes = new Uint8Array()

/** Reads a block of a file. @throws Corrupt where its sizes disagree, or where it is no part of a file */
function fileNodeOf(cid: string, bytes: Bytes): FileNode {
  const { codec } = parseCid(cid)
  if (codec === codecs.raw) return { data: bytes, fileSize: bytes.byteLength, children: [] }
  if (codec !== codecs['dag-pb']) throw broken(cid, 'it is neither raw nor dag-pb')
  return fileNode(cid, decodeUnixFs(bytes))
}

/** @throws Corrupt */
export function fileNode(cid: string, unixFs: UnixFsNode): FileNode {
  const { type, data = nothing, links, blockSizes = [] } = unixFs
  if (type !== 'file' && type !== 'raw') throw broken(cid, `it is a ${type}`)
  if (links.length !== blockSizes.length) {
    throw broken(cid, `it has ${links.length} children and the sizes of ${blockSizes.length}`)
  }
  let sum = data.byteLength
  const children = links.map((link, index) => {
    const size = blockSizes[index] ?? 0
    sum += size
    return { cid: link.cid, size }
  })
  const { fileSize = sum } = unixFs
  if (sum !== fileSize || !Number.isSafeInteger(sum)) {
    throw broken(cid, `it says that it has ${fileSize} bytes, and its parts have ${sum}`)
  }
  return { data, fileSize, children, unixFs }
}

interface Part extends Pending {
  readonly depth: number
  /** Offset of its first byte in the file, and how many it has: as its parent says. */
  readonly at: number
  readonly size: number
}

/** A block of a file, and what it holds of the range. */
export interface FileBlock {
  readonly cid: string
  readonly bytes: Bytes
  /** A view into `bytes`, maybe empty. */
  readonly data: Bytes
}

/** The root of a file, which has been read already. */
export interface FileRoot {
  readonly cid: string
  readonly bytes: Bytes
  readonly node: FileNode
}

/**
 * The blocks that hold the bytes of a file from `from` to `to`, and those on the way to them, depth first. Fetches a few ahead. Reads
 * every layout (balanced, trickle, bytes in inner nodes). Every block is checked, and so is its size against what its parent says.
 * Children that say they are empty are not looked at: a DAG of them could be endless.
 */
export async function* walkFile(
  reader: BlockReader,
  root: FileRoot,
  { from, to }: { readonly from: number; readonly to: number },
  call: BlockCall & { readonly limits?: DagLimits | undefined },
): AsyncGenerator<FileBlock> {
  const limits = knownLimits(call.limits)
  using parts = readAhead<Part>(verified(reader), call)

  /** The part of a node's own bytes that is asked for; its children go onto the stack. */
  const open = (cid: string, node: FileNode, at: number, depth: number): Bytes => {
    let offset = at + node.data.byteLength
    const wanted: Part[] = []
    for (const { cid: child, size } of node.children) {
      if (size > 0 && offset < to && offset + size > from) {
        wanted.push({ cid: child, at: offset, size, depth: depth + 1, branch: size > maxBlockBytes })
      }
      offset += size
    }
    if (wanted.length > 0 && depth === limits.depth) throw tooDeep(cid, limits)
    if (parts.size + wanted.length > limits.links) throw tooManyLinks(cid, limits)
    parts.push(wanted)
    return node.data.subarray(Math.max(0, from - at), Math.max(0, to - at))
  }

  yield { cid: root.cid, bytes: root.bytes, data: open(root.cid, root.node, 0, 1) }
  while (parts.size > 0) {
    const { item, bytes } = await parts.take()
    const { cid } = item
    const node = fileNodeOf(cid, bytes)
    if (node.fileSize !== item.size) {
      throw broken(cid, `it has ${node.fileSize} bytes, and its parent says ${item.size}`)
    }
    yield { cid, bytes, data: open(cid, node, item.at, item.depth) }
  }
}

/** The bytes of a file from `from` to `to`. */
export async function* readFile(...walk: Parameters<typeof walkFile>): AsyncGenerator<Bytes> {
  for await (const { data } of walkFile(...walk)) if (data.byteLength > 0) yield data
}

function broken(cid: string, why: string): Error {
  return storageError('Corrupt', `the block ${cid} is no part of a sound file: ${why}`)
}
