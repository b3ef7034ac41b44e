import { bytesSource, collect, type Context, isStorageError, type Key, parseKey, storageError } from '@kit/core'
import { paths, type Paths, type PathsOptions, type Refs } from '../../src/index.ts'
import { memoryBlocks, type MemoryBlocks } from '../directories/memory-blocks.ts'

export const context: Context = {
  signal: new AbortController().signal,
  requestId: 'test',
  attempt: 1,
  log: () => undefined,
}

export interface MemoryRefs extends Refs {
  readonly names: Map<string, string>
  /** Swaps that were won. */
  swaps: number
  /** Called before a swap is looked at, and after it was made. */
  before?: (from: string | undefined, to: string) => void | Promise<void>
  after?: (from: string | undefined, to: string) => void | Promise<void>
}

export function memoryRefs(): MemoryRefs {
  const names = new Map<string, string>()
  const refs: MemoryRefs = {
    names,
    swaps: 0,
    get: async (name) => names.get(name),
    async compareAndSwap(name, from, to) {
      await refs.before?.(from, to)
      if (names.get(name) !== from) return false
      names.set(name, to)
      refs.swaps++
      await refs.after?.(from, to)
      return true
    },
  }
  return refs
}

/** A tree as one program has it, over blocks and refs that others have too. */
export interface Program {
  readonly tree: Paths
  write(
    key: string,
    text: string,
    options?: { ifAbsent?: true; ifMatch?: string; mode?: number; modified?: Date; signal?: AbortSignal },
  ): Promise<string>
  /** The text, or the code of the failure. */
  read(key: string, version?: string): Promise<string>
  etag(key: string): Promise<string>
  remove(key: string): Promise<void>
  /** All files, by key. */
  all(): Promise<Map<string, string>>
}

export interface Site {
  readonly blocks: MemoryBlocks
  readonly refs: MemoryRefs
  open(options?: PathsOptions): Program
}

export function site(): Site {
  const blocks = memoryBlocks()
  const refs = memoryRefs()
  return { blocks, refs, open: (options) => program(paths(blocks, refs, options)) }
}

export function program(tree: Paths): Program {
  const { write, list, delete: remove } = tree
  if (write === undefined || list === undefined || remove === undefined) throw new Error('a method is missing')
  const read = async (key: string, version?: string): Promise<string> => {
    try {
      const { body } = await tree.read(context, parseKey(key), { version })
      return new TextDecoder().decode(await collect(body))
    } catch (error) {
      if (isStorageError(error)) return error.code
      throw error
    }
  }
  return {
    tree,
    async write(key, text, { signal = context.signal, ...options } = {}) {
      const source = bytesSource(new TextEncoder().encode(text))
      const entry = await write({ ...context, signal }, parseKey(key), source, options)
      if (entry?.etag === undefined) throw storageError('Unexpected', 'a write gave no etag')
      return entry.etag
    },
    read,
    async etag(key) {
      return (await tree.stat(context, parseKey(key), {})).etag ?? ''
    },
    remove: (key) => remove(context, parseKey(key), {}),
    async all() {
      const found = new Map<string, string>()
      for await (const { entries } of list(context, '' as Key, { recursive: true })) {
        for (const { key, kind } of entries) if (kind === 'file') found.set(key, await read(key))
      }
      return found
    },
  }
}

export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'success'
  } catch (error) {
    if (isStorageError(error)) return error.code
    throw error
  }
}

export async function allOf<Item>(items: AsyncIterable<Item> | Iterable<Item>): Promise<Item[]> {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}
