import {
  type ByteRange,
  type ByteStream,
  type Entry,
  type Page,
  type ReadResult,
  resolveRange,
  storageError,
} from '@kit/core'
import { carOf, type CarScope } from '../car/car-of.ts'
import { codecName, parseCid } from '../cid/index.ts'
import type { DagLimits } from '../dag/index.ts'
import { type DirectoryEntry, readDirectory } from '../directories/index.ts'
import { readFile } from '../unixfs/read-file.ts'
import { type BlockCall, type BlockReader, verified } from '../verify/index.ts'
import { entryOf, type Found } from './entry-of.ts'
import { parseContentPath } from './path.ts'
import { remembering } from './remembering.ts'
import { type Resolved, resolvePath } from './resolve.ts'

/** Files and trees by CID, every block of them checked. A path is `CID` or `CID/path`. */
export interface ContentReader {
  /**
   * A file, or a part of it; only blocks that hold some of it are fetched. A symbolic link is read through while it stays below the
   * path's CID. Blocks of dag-cbor and dag-json read as they are.
   * @throws NotFound, IsDirectory, InvalidRange, InvalidKey, PermissionDenied, Corrupt, Unsupported, TooLarge
   */
  read(path: string, call: BlockCall & { readonly range?: ByteRange | undefined }): Promise<ReadResult>
  /** What is there; a link at the end is not followed. */
  stat(path: string, call: BlockCall): Promise<Entry>
  /**
   * The entries of a directory, in the order of its blocks. Files that are one raw block have the size that the directory says: no block
   * of theirs is fetched for it. What is of a codec that is not known here is a file without a size. @throws NotDirectory
   */
  list(path: string, call: BlockCall): AsyncIterable<Page>
  /**
   * A CAR (version 1, depth first, no block twice) of what the path leads to: its first block, a whole file or directory without what
   * the directory lists, or everything below. Its root is the block at the path's end; the blocks on the way to it come first.
   * `range`: only the blocks of this part of the file; scope `entity`.
   */
  car(
    path: string,
    call: BlockCall & { readonly scope: CarScope; readonly range?: ByteRange | undefined },
  ): Promise<ByteStream>
  /** Where the path leads; a link at its end is not followed. */
  resolve(path: string, call: BlockCall): Promise<Resolved>
}

/** Entries in a page of a listing, and blocks that are fetched for them at once. */
const pageEntries = 256
const fetchedAtOnce = 16

/** Content as a reader of blocks has it. What the reader gives is checked here, whatever it is. */
export function contentOf(
  source: BlockReader,
  options: { readonly limits?: DagLimits | undefined } = {},
): ContentReader {
  const reader = verified(source)
  const { limits } = options

  const find = async (text: string, call: BlockCall, follow: boolean, blocks = remembering(reader)): Promise<Found> => {
    const path = parseContentPath(text)
    const { cid, rest } = await resolvePath(blocks, path, { signal: call.signal, follow })
    if (rest.length > 0) {
      throw storageError('Unsupported', `the path ends inside of the block ${cid}, which is read whole`, {
        key: path.text,
      })
    }
    return entryOf(path.text, cid, await blocks.get(cid, call))
  }

  return {
    async read(path, call) {
      const { entry, cid, bytes, node } = await find(path, call, true)
      if (node === undefined) throw storageError('IsDirectory', 'it is a directory', { key: entry.key })
      const range = resolveRange(call.range, node.fileSize)
      const body =
        node.children.length === 0
          ? node.data.subarray(range.from, range.to)
          : readFile(reader, { cid, bytes, node }, range, { signal: call.signal, limits })
      return { entry, from: range.from, body }
    },
    async stat(path, call) {
      return (await find(path, call, false)).entry
    },
    async *list(path, call) {
      const { entry, cid, directory } = await find(path, call, true)
      if (directory === undefined) throw storageError('NotDirectory', 'it is no directory', { key: entry.key })
      const known = async (child: DirectoryEntry): Promise<Entry> => {
        const key = `${entry.key}/${child.name}`
        const named = { kind: 'file', key, cid: child.cid, etag: `"${child.cid}"` } as const
        const codec = codecName(parseCid(child.cid).codec)
        // One that nobody here can read must not hide all the others.
        if (codec === undefined) return named
        if (codec === 'raw' && child.size !== undefined) return { ...named, size: child.size }
        return entryOf(key, child.cid, await reader.get(child.cid, call)).entry
      }
      let waiting: DirectoryEntry[] = []
      for await (const child of readDirectory(reader, cid, call)) {
        waiting.push(child)
        if (waiting.length < pageEntries) continue
        yield { entries: await inTurns(waiting, known) }
        waiting = []
      }
      yield { entries: await inTurns(waiting, known) }
    },
    async car(path, call) {
      const way = new Set<string>()
      const blocks = remembering(reader, (cid) => way.add(cid))
      const found = await find(path, call, false, blocks)
      return carOf(reader, found, way, { ...call, limits })
    },
    async resolve(path, call) {
      return await resolvePath(remembering(reader), parseContentPath(path), { signal: call.signal, follow: false })
    },
  }
}

/** The results in order, `fetchedAtOnce` under way. */
async function inTurns<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = []
  const rest = items.entries()
  const turn = async (): Promise<void> => {
    for (const [index, item] of rest) results[index] = await work(item)
  }
  await Promise.all(Array.from({ length: fetchedAtOnce }, turn))
  return results
}
