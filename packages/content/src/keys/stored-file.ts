import { type Backend, type Bytes, collect, errorCode, storageError, toStream } from '@kit/core'
import { readCar } from '../car/index.ts'
import { codecs, parseCid } from '../cid/index.ts'
import { decodeUnixFs, encodeUnixFs } from '../unixfs/index.ts'
import { fileNode } from '../unixfs/read-file.ts'
import type { BlockCall } from '../verify/index.ts'
import { contextOf } from '../paths/in-store.ts'
import { bodyKey, treeKey } from './layout.ts'

/** Longest CAR of inner nodes in bytes: of a file of about a tebibyte. */
export const treeMaxBytes: number = 64 << 20
/** Leaves of one file. */
const leavesMax = 4 << 20

/** A file of several blocks: its inner nodes at hand, its leaves as parts of its body. */
export interface StoredFile {
  /** A block of it; nothing for a CID that is none of its own. What a leaf gives is not checked yet. */
  block(cid: string, call: BlockCall): Promise<Bytes> | undefined
  has(cid: string): boolean
}

/** @throws NotFound where there is no such file; Corrupt for inner nodes that are not those of the CID, or do not fit each other */
export async function openStoredFile(store: Backend, root: string, call: BlockCall): Promise<StoredFile> {
  const { body } = await store.read(contextOf(call), treeKey(root), {})
  await using car = await readCar(toStream(body), { signal: call.signal, limits: { bytes: treeMaxBytes } })
  const inner = new Map<string, Bytes>()
  for await (const { cid, bytes } of car.blocks) inner.set(cid, bytes)
  const leaves = leavesOf(root, inner)

  async function leaf(cid: string, from: number, size: number, { signal }: BlockCall): Promise<Bytes> {
    const read = await store
      .read(contextOf({ signal }), bodyKey(root), { range: { from, to: from + size } })
      .catch((error: unknown) => {
        const code = errorCode(error)
        if (code !== 'NotFound' && code !== 'InvalidRange') throw error
        throw storageError('Corrupt', `the bytes of the file ${root} are gone, or too few`, { cause: error })
      })
    const data = await collect(read.body, size)
    if (parseCid(cid).codec === codecs.raw) return data
    return encodeUnixFs({ type: 'file', links: [], data, fileSize: data.byteLength })
  }

  return {
    has: (cid) => inner.has(cid) || leaves.has(cid),
    block(cid, given) {
      const node = inner.get(cid)
      if (node !== undefined) return Promise.resolve(node)
      const place = leaves.get(cid)
      return place && leaf(cid, place.from, place.size, given)
    },
  }
}

/** Where the leaves are in the body. */
function leavesOf(
  root: string,
  inner: ReadonlyMap<string, Bytes>,
): ReadonlyMap<string, { readonly from: number; readonly size: number }> {
  const leaves = new Map<string, { readonly from: number; readonly size: number }>()
  // The next is at the end.
  const waiting = [{ cid: root, size: -1 }]
  let at = 0
  let count = 0
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { cid, size } = next
    if (++count > leavesMax) throw storageError('TooLarge', `the file ${root} has more than ${leavesMax} blocks`)
    const bytes = inner.get(cid)
    if (bytes === undefined && cid !== root) {
      leaves.set(cid, { from: at, size })
      at += size
      continue
    }
    if (bytes === undefined) throw storageError('Corrupt', `the file ${root} has lost its root`)
    const { data, children } = fileNode(cid, decodeUnixFs(bytes))
    if (data.byteLength > 0) throw storageError('Corrupt', `the node ${cid} of the file ${root} holds bytes itself`)
    waiting.push(...children.toReversed())
  }
  return leaves
}
