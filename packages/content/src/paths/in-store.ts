import {
  type Backend,
  bytesSource,
  collect,
  type Context,
  errorCode,
  type Key,
  parseKey,
  storageError,
} from '@kit/core'
import { parseCid } from '../cid/index.ts'
import { type BlockCall, type BlockReader, type BlockWriter, maxBlockBytes } from '../verify/index.ts'
import type { Refs } from './types.ts'

/** Longest ref that is read, in bytes: a CID and a line end. */
const refMaxBytes = 512

/** Blocks in a store, that can be asked for without being read. */
export interface StoredBlocks extends BlockReader, BlockWriter {
  has(cid: string, call: BlockCall): Promise<boolean>
}

/**
 * Blocks in any store: in its own group of blocks where it takes them, else each as an object `blocks/XX/CID`, where XX are the last two
 * letters of the CID but one. Nothing is ever collected.
 */
export function blocksInStore(store: Backend): StoredBlocks {
  const group = store.capabilities.ops.blocks === undefined ? undefined : store.blocks
  const put = group?.put?.bind(group)
  if (group !== undefined && put !== undefined) {
    return {
      get: (cid, call) => group.get(contextOf(call), cid),
      put: (cid, bytes, call) => put(contextOf(call), cid, bytes),
      has: (cid, call) => group.has(contextOf(call), cid),
    }
  }
  if (store.capabilities.ops.write === undefined) {
    throw storageError('InvalidConfig', 'the store for blocks takes neither blocks nor objects')
  }
  return blocksAsObjects(store, 'blocks')
}

/** Each block an object `PREFIX/XX/CID`. Nothing is put into a store that does not write. */
export function blocksAsObjects(store: Backend, prefix: string): StoredBlocks {
  const keyOf = (cid: string): Key => parseKey(`${prefix}/${cid.slice(-3, -1)}/${cid}`)

  async function has(cid: string, call: BlockCall): Promise<boolean> {
    try {
      await store.stat(contextOf(call), keyOf(cid), {})
      return true
    } catch (error) {
      if (errorCode(error) !== 'NotFound') throw error
      return false
    }
  }

  return {
    has,
    async get(cid, call) {
      const { body } = await store.read(contextOf(call), keyOf(cid), {})
      return await collect(body, maxBlockBytes)
    },
    async put(cid, bytes, call) {
      if (store.write === undefined) throw storageError('ReadOnly', 'the store takes no objects')
      // One that is there is not written again: readers of the object would find it changed, and start again.
      if (await has(cid, call)) return
      await store.write(contextOf(call), keyOf(cid), bytesSource(bytes), {})
    },
  }
}

/**
 * Refs in any store that writes under conditions: each an object `refs/NAME` that holds a CID and a line end.
 * @throws InvalidConfig for a store without conditional writes
 */
export function refsInStore(store: Backend): Refs {
  const write = store.write?.bind(store)
  const { ifAbsent, ifMatch } = store.capabilities.write ?? {}
  if (write === undefined || ifAbsent === undefined || ifMatch === undefined) {
    throw storageError('InvalidConfig', 'the store for refs must write under conditions: `ifAbsent` and `ifMatch`')
  }
  /** The state in which a ref was last seen. */
  const seen = new Map<string, { readonly cid: string; readonly etag: string | undefined }>()

  async function get(name: string, call: BlockCall): Promise<string | undefined> {
    try {
      const { entry, body } = await store.read(contextOf(call), refKey(name), {})
      const text = new TextDecoder().decode(await collect(body, refMaxBytes))
      const cid = refOf(name, text)
      seen.set(name, { cid, etag: entry.etag })
      return cid
    } catch (error) {
      if (errorCode(error) !== 'NotFound') throw error
      seen.delete(name)
      return undefined
    }
  }

  return {
    get,
    async compareAndSwap(name, from, to, call) {
      if (from !== undefined && seen.get(name)?.cid !== from && (await get(name, call)) !== from) return false
      const etag = from === undefined ? undefined : seen.get(name)?.etag
      if (from !== undefined && etag === undefined) {
        throw storageError('InvalidConfig', 'the store for refs gives no etags')
      }
      seen.delete(name)
      try {
        const source = bytesSource(new TextEncoder().encode(`${to}\n`))
        const conditions = etag === undefined ? ({ ifAbsent: true } as const) : { ifMatch: etag }
        const entry = await write(contextOf(call), refKey(name), source, conditions)
        if (entry?.etag !== undefined) seen.set(name, { cid: to, etag: entry.etag })
        return true
      } catch (error) {
        const code = errorCode(error)
        if (code === 'AlreadyExists' || code === 'ConditionFailed') return false
        throw error
      }
    },
  }
}

function refKey(name: string): Key {
  return parseKey(`refs/${name}`)
}

function refOf(name: string, text: string): string {
  try {
    return parseCid(text.trimEnd()).text
  } catch (error) {
    throw storageError('Corrupt', `the ref ${JSON.stringify(name)} holds no CID`, { cause: error })
  }
}

/** A call of a block store as one of a store. */
export function contextOf({ signal }: BlockCall): Context {
  return { signal, requestId: crypto.randomUUID(), attempt: 1, log: () => undefined }
}
