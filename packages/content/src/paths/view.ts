import {
  type Bytes,
  type ByteStream,
  type Entry,
  type Page,
  type ReadOptions,
  type ReadResult,
  resolveRange,
  storageError,
  throwIfAborted,
} from '@kit/core'
import type { Child, DirectoryEntry } from '../directories/index.ts'
import type { Nodes } from '../directories/nodes.ts'
import { childOfName, entriesOf } from '../directories/read-directory.ts'
import { entryOf } from '../reader/entry-of.ts'
import { readFile } from '../unixfs/read-file.ts'
import { type BlockCall, type BlockReader, verified } from '../verify/index.ts'
import type { FactsOf } from './facts.ts'

/** Links that are followed on one way; more is a circle. */
const linksMax = 32
/** Children that are looked at ahead of the one that is told. */
const lookAhead = 16

/** Reads one state of the tree, by the CID of its root; `undefined` is the empty one. */
export interface View {
  /** A link is not followed. */
  find(root: string | undefined, key: string, call: BlockCall): Promise<Child | undefined>
  entry(key: string, child: Child, call: BlockCall): Promise<Entry>
  /** Links are followed, as long as they stay in the tree. */
  read(root: string | undefined, key: string, options: ReadOptions, call: BlockCall): Promise<ReadResult>
  /** Pages of at most `limit`, each with the key of its last entry; they go on `after` such a key. */
  list(
    root: string | undefined,
    directory: string,
    options: { readonly recursive: boolean; readonly limit: number; readonly after?: string | undefined },
    call: BlockCall,
  ): AsyncGenerator<Page>
}

export function viewOf(blocks: BlockReader, nodes: Nodes, facts: FactsOf): View {
  const reader = verified(blocks)

  async function find(root: string | undefined, key: string, call: BlockCall): Promise<Child | undefined> {
    let here: Child | undefined = root === undefined ? undefined : { cid: root }
    if (key === '') return here
    let first = true
    for (const name of key.split('/')) {
      if (here === undefined) return undefined
      if (!first && (await facts.of(here, call)).kind !== 'directory') return undefined
      first = false
      here = await childOfName(nodes, here.cid, name, call)
    }
    return here
  }

  async function entry(key: string, child: Child, call: BlockCall): Promise<Entry> {
    return { key, ...(await facts.of(child, call)) }
  }

  /** Where a key leads, links on the way and at its end followed. */
  async function follow(root: string | undefined, key: string, call: BlockCall): Promise<Child> {
    const straight = await find(root, key, call)
    if (straight !== undefined && (await facts.of(straight, call)).kind !== 'link') return straight
    const steps = key.split('/')
    const way: string[] = []
    let links = 0
    let there = root === undefined ? undefined : { cid: root }
    for (let step = steps.shift(); step !== undefined; step = steps.shift()) {
      if (step === '' || step === '.') continue
      if (step === '..') {
        if (way.pop() === undefined) throw leadsOut()
        there = await find(root, way.join('/'), call)
        continue
      }
      const child: Child | undefined = await find(root, [...way, step].join('/'), call)
      if (child === undefined) throw missing()
      const { kind, target = '' } = await facts.of(child, call)
      if (kind === 'link') {
        if (++links > linksMax) throw storageError('NotFound', 'the links on the way lead in a circle')
        if (target.startsWith('/')) throw leadsOut()
        steps.unshift(...target.split('/'))
        there = await find(root, way.join('/'), call)
        continue
      }
      way.push(step)
      there = child
    }
    if (there === undefined) throw missing()
    return there
  }

  async function* children(
    root: string | undefined,
    directory: string,
    recursive: boolean,
    after: string | undefined,
    call: BlockCall,
  ): AsyncGenerator<Entry> {
    const there = await find(root, directory, call)
    if (there === undefined || (await facts.of(there, call)).kind !== 'directory') return
    const [name, rest] = firstName(after)
    if (name !== undefined && rest !== undefined) yield* children(root, within(directory, name), recursive, rest, call)
    else if (name !== undefined && recursive) yield* children(root, within(directory, name), recursive, undefined, call)
    const entries = entriesOf(nodes, there.cid, { ...call, after: name })
    const told = ahead(entries, (child) => entry(within(directory, child.name), child, call))
    for await (const each of told) {
      yield each
      if (recursive && each.kind === 'directory') yield* children(root, each.key, recursive, undefined, call)
    }
  }

  return {
    find,
    entry,
    async read(root, key, { range: wanted }, call) {
      const { cid } = await follow(root, key, call)
      const bytes = await reader.get(cid, call)
      const { entry: found, node } = entryOf(key, cid, bytes)
      if (node === undefined) throw storageError('IsDirectory', 'it is a directory')
      const range = resolveRange(wanted, node.fileSize)
      const body =
        node.children.length === 0
          ? node.data.slice(range.from, range.to)
          : whileWanted(readFile(reader, { cid, bytes, node }, range, call), call)
      return { entry: found, from: range.from, body }
    },
    async *list(root, directory, { recursive, limit, after }, call) {
      let page: Entry[] = []
      for await (const each of children(root, directory, recursive, after, call)) {
        throwIfAborted(call.signal)
        if (page.length === limit) {
          yield { entries: page, cursor: page.at(-1)?.key.slice(directory === '' ? 0 : directory.length + 1) }
          page = []
        }
        page.push(each)
      }
      yield { entries: page }
    },
  }
}

/** The stream, broken off by the signal also where the next blocks have come already. */
async function* whileWanted(stream: ByteStream, { signal }: BlockCall): AsyncGenerator<Bytes> {
  for await (const chunk of stream) {
    throwIfAborted(signal)
    yield chunk
  }
}

function firstName(path: string | undefined): readonly [string | undefined, string | undefined] {
  if (path === undefined) return [undefined, undefined]
  const slash = path.indexOf('/')
  return slash < 0 ? [path, undefined] : [path.slice(0, slash), path.slice(slash + 1)]
}

function within(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`
}

/** The results in order, with a few under way. */
async function* ahead<Result>(
  items: AsyncIterable<DirectoryEntry>,
  work: (item: DirectoryEntry) => Promise<Result>,
): AsyncGenerator<Result> {
  const waiting: Promise<Result>[] = []
  for await (const item of items) {
    const result = work(item)
    result.catch(() => undefined) // told in its turn, or to nobody where the listing ended before
    waiting.push(result)
    const next = waiting.length > lookAhead ? waiting.shift() : undefined
    if (next !== undefined) yield await next
  }
  for (const result of waiting) yield await result
}

function missing(): Error {
  return storageError('NotFound', 'there is no such object')
}

function leadsOut(): Error {
  return storageError('PermissionDenied', 'the link leads out of the store')
}
