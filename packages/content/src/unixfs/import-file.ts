import { hash } from 'node:crypto'
import { type Bytes, type Source, throwIfAborted } from '@kit/core'
import { cidOf, textOfDigest } from '../cid/cid.ts'
import { codecs } from '../cid/codes.ts'
import { varintLength, writeVarint } from '../cid/varint.ts'
import type { BlockWriter } from '../verify/blocks.ts'
import { type Child, type RootAttributes, balancedTree } from './balanced.ts'
import { type Chunk, chunksOf } from './chunks.ts'
import { encodeUnixFs, type Profile } from './node.ts'
import { profiles } from './profiles.ts'
import { type PutWindow, putWindow } from './put-window.ts'
import { fieldLength, tag } from './protobuf.ts'
import { unixFsTime } from './time.ts'

export interface ImportFileOptions {
  readonly profile: Profile
  readonly signal: AbortSignal
  /** POSIX permission bits, kept in the root, which is another root with them. Default: none are said. */
  readonly mode?: number | undefined
  /** Kept in the root, to the millisecond. Default: none is said. */
  readonly modified?: Date | undefined
  /** Told of each chunk that has become a block, in bytes. */
  readonly onBytes?: ((bytes: number) => void) | undefined
}

/** What was made of a file or a tree. */
export interface Imported {
  /** Of the root. */
  readonly cid: string
  /** Bytes of the file, or of all files of a tree; of a symlink 0. */
  readonly size: number
  /** Bytes of all blocks, each counted as often as it is linked: what a directory says as `Tsize`. */
  readonly dagSize: number
}

/** Bytes that may be on their way to the writer at once. */
const underWayBytes = 4 << 20
/** At most what stands before the bytes in a leaf of dag-pb, and behind them. */
const envelope = { before: 16, behind: 8 }

/**
 * Makes the DAG of a file: every block is given to the writer, the root last. The CID is the one that Kubo makes with the same profile.
 * Memory is flat: a few chunks. When it fails, blocks that were written stay; no root names them.
 * @throws what the source, or the writer, failed with; Corrupt for a body of another length than it says; Aborted.
 */
export async function importFile(source: Source, writer: BlockWriter, options: ImportFileOptions): Promise<Imported> {
  const { signal, mode, modified, onBytes } = options
  throwIfAborted(signal)
  const rules = profiles[options.profile]
  const most = Math.max(4, underWayBytes / rules.chunkBytes)
  const window = putWindow(writer, { signal }, most)
  const tree = balancedTree(rules, window.put)
  const attributes: RootAttributes | undefined =
    mode === undefined && modified === undefined
      ? undefined
      : { mode, modified: modified === undefined ? undefined : unixFsTime(modified) }
  const room = rules.rawLeaves ? { before: 0, behind: 0 } : envelope

  const addLeaf = async (chunk: Chunk): Promise<void> => {
    const block = rules.rawLeaves ? chunk.frame.subarray(chunk.from, chunk.to) : envelopeOf(chunk)
    const fileSize = chunk.to - chunk.from
    const cid = textOfDigest(codecs[rules.rawLeaves ? 'raw' : 'dag-pb'], hash('sha256', block, 'buffer'), rules.version)
    const waiting = window.put(cid, block, chunk.release)
    if (waiting !== undefined) await waiting
    const written = tree.add({ cid, fileSize, dagSize: block.byteLength })
    if (written !== undefined) await written
    onBytes?.(fileSize)
  }

  try {
    // A file of one chunk says its attributes beside its bytes, so the first chunk waits to be told whether it is alone.
    let first: Chunk | undefined
    let chunks = 0
    for await (const chunk of chunksOf(source, { chunkBytes: rules.chunkBytes, ...room, held: most + 2 }, signal)) {
      throwIfAborted(signal)
      chunks++
      if (chunks === 1 && attributes !== undefined) {
        first = chunk
        continue
      }
      if (first !== undefined) await addLeaf(first)
      first = undefined
      await addLeaf(chunk)
    }
    const root =
      chunks === 0 || first !== undefined
        ? await alone(first, attributes, window, rules)
        : await tree.finish(attributes ?? {})
    if (first !== undefined) onBytes?.(root.fileSize)
    await window.done()
    return { cid: root.cid, size: root.fileSize, dagSize: root.dagSize }
  } finally {
    await window.settle()
  }
}

/** The root of a file that is empty, or that is one chunk and has attributes. */
async function alone(
  chunk: Chunk | undefined,
  attributes: RootAttributes | undefined,
  window: PutWindow,
  { rawLeaves, version }: { readonly rawLeaves: boolean; readonly version: 0 | 1 },
): Promise<Child> {
  const data = chunk?.frame.subarray(chunk.from, chunk.to)
  const fileSize = data?.byteLength ?? 0
  const raw = rawLeaves && attributes === undefined
  const bytes = raw ? new Uint8Array() : encodeUnixFs({ type: 'file', links: [], data, fileSize, ...attributes })
  const cid = cidOf(raw ? 'raw' : 'dag-pb', bytes, { version })
  await window.put(cid, bytes, chunk?.release)
  return { cid, fileSize, dagSize: bytes.byteLength }
}

/** Writes around a chunk, in its own frame, what makes it a leaf of dag-pb: `{ type: file, data, fileSize }`. */
function envelopeOf({ frame, from, to }: Chunk): Bytes {
  const size = to - from
  const inner = 2 + fieldLength(size) + 1 + varintLength(size)
  const start = from - (fieldLength(inner) - inner) - 2 - (fieldLength(size) - size)
  frame[start] = tag(1, 2)
  let at = writeVarint(frame, start + 1, inner)
  frame[at++] = tag(1, 0)
  frame[at++] = 2
  frame[at++] = tag(2, 2)
  writeVarint(frame, at, size)
  frame[to] = tag(3, 0)
  return frame.subarray(start, writeVarint(frame, to + 1, size))
}

/** Makes the block of a symbolic link. The target is kept as it is spelt. */
export async function importSymlink(
  target: string,
  writer: BlockWriter,
  options: Pick<ImportFileOptions, 'profile' | 'signal' | 'mode' | 'modified'>,
): Promise<Imported> {
  const { profile, signal, mode, modified } = options
  throwIfAborted(signal)
  const data = new TextEncoder().encode(target)
  const bytes = encodeUnixFs({
    type: 'symlink',
    links: [],
    data,
    mode,
    modified: modified === undefined ? undefined : unixFsTime(modified),
  })
  const cid = cidOf('dag-pb', bytes, { version: profiles[profile].version })
  await writer.put(cid, bytes, { signal })
  return { cid, size: 0, dagSize: bytes.byteLength }
}
