import {
  errorCode,
  isStorageError,
  storageError,
  withDetails,
  type Backend,
  type Context,
  type Entry,
  type Key,
  type Page,
  type Source,
  type WriteConditions,
} from '@kit/core'
import type { Profile } from '@kit/content'
import type { FilesStat, LsEntry } from './calls/index.ts'
import type { KuboClient } from './kubo.ts'
import type { Reading } from './reading.ts'
import type { Turns } from './turns.ts'

type PathOperations = Required<
  Pick<Backend, 'stat' | 'read' | 'write' | 'list' | 'delete' | 'copy' | 'move' | 'directories'>
>

export interface FilesPathsOptions {
  readonly client: KuboClient
  readonly reading: Reading
  readonly turns: Turns
  /** The directory of the daemon's files that is the store: `/kit`, or '' for all of them. */
  readonly root: string
  readonly profile: Profile
  readonly pageMax: number
}

/** Paths of the daemon's files (MFS). A body is added as content first and then named in one step, so that no name ever shows a part. */
export function filesPaths({ client, reading, turns, root, profile, pageMax }: FilesPathsOptions): PathOperations {
  const at = (key: string): string => (key === '' ? root || '/' : `${root}/${key}`)
  /** Names that this process is changing now. */
  const changing = new Map<string, Promise<unknown>>()

  /** What is there. Kubo replaces a name by removing it first: who finds nothing looks again when the change is over. */
  async function look(context: Context, key: string): Promise<FilesStat> {
    const { signal } = context
    for (let looks = 1; ; looks++) {
      try {
        return await client.files.stat(at(key), { signal })
      } catch (error) {
        if (errorCode(error) === 'NotDirectory')
          throw storageError('NotFound', 'a file is part of its path', { cause: error })
        if (errorCode(error) !== 'NotFound' || looks === 3) throw error
        const change = changing.get(key)
        if (change === undefined && looks === 2) throw error
        await change
      }
    }
  }

  async function lookOrNothing(context: Context, key: string): Promise<FilesStat | undefined> {
    try {
      return await look(context, key)
    } catch (error) {
      if (errorCode(error) === 'NotFound') return undefined
      throw error
    }
  }

  /** Changes of one name, alone among all changes of this process. */
  function change<Result>({ signal }: Context, key: Key, work: () => Promise<Result>): Promise<Result> {
    return turns.change(signal, async () => {
      const over = Promise.withResolvers<void>()
      changing.set(key, over.promise)
      try {
        return await work()
      } finally {
        changing.delete(key)
        over.resolve()
      }
    })
  }

  async function requireEtag(context: Context, key: Key, etag: string | undefined): Promise<void> {
    if (etag === undefined) return
    // Within the turn nobody here is changing it.
    const there = await client.files.stat(at(key), context).catch((error: unknown) => {
      if (errorCode(error) === 'NotFound' || errorCode(error) === 'NotDirectory') return undefined
      throw error
    })
    if (there === undefined || etagOf(there.cid) !== etag) {
      throw storageError('ConditionFailed', 'the object is not in the state that ifMatch names')
    }
  }

  /** Names content. In the turn of the name. */
  async function name(context: Context, cid: string, to: Key, { ifAbsent, ifMatch }: WriteConditions): Promise<void> {
    await requireEtag(context, to, ifMatch)
    try {
      await client.files.cp(`/ipfs/${cid}`, at(to), { replace: ifAbsent !== true, signal: context.signal })
    } catch (error) {
      // Kubo says of a file among the parents what it says of one in their place.
      if (isStorageError(error) && /: file already exists/.test(error.message)) {
        throw storageError('NotDirectory', 'a file is where a directory of its path should be', { cause: error })
      }
      throw error
    }
  }

  async function requireFile(context: Context, key: Key): Promise<FilesStat> {
    const there = await look(context, key)
    if (there.kind === 'directory') throw storageError('IsDirectory', 'it is a directory')
    return there
  }

  async function entryOf(context: Context, key: string, stat: FilesStat): Promise<Entry> {
    const { cid, kind, size, mode, modified } = stat
    if (kind === 'directory') return { kind, key, cid, mode, modified }
    const entry: Entry = { kind, key, cid, etag: etagOf(cid), mode, modified }
    if (kind === 'file') return { ...entry, size }
    const { target } = await reading.stat(cid, context)
    return { ...entry, target }
  }

  return {
    async stat(context, key, { ifMatch, ifNoneMatch }) {
      const stat = await lookAtRoot(context, key)
      requireState(etagOf(stat.cid), ifMatch, ifNoneMatch)
      return entryOf(context, key, stat)
    },

    async read(context, key, { range, ifMatch, ifNoneMatch }) {
      const stat = await requireFile(context, key)
      if (stat.kind === 'link')
        throw storageError('Unsupported', 'it is a symbolic link, which the daemon does not follow')
      requireState(etagOf(stat.cid), ifMatch, ifNoneMatch)
      const result = await reading.read(stat.cid, { signal: context.signal, range })
      return { ...result, entry: await entryOf(context, key, { ...stat, size: result.entry.size ?? stat.size }) }
    },

    async write(context, key, source, { ifAbsent, ifMatch, mode, modified }) {
      const { signal } = context
      // What fails anyway need not be sent.
      if (ifMatch !== undefined) await requireEtag(context, key, ifMatch)
      else if (ifAbsent === true && (await lookOrNothing(context, key)) !== undefined) {
        throw storageError('AlreadyExists', 'something is there already')
      }
      return turns.write(signal, async () => {
        const counted = countedSource(source)
        const { cid } = await beforeNaming(() => client.add(counted.source, { profile, mode, modified, signal }))
        await change(context, key, () => name(context, cid, key, { ifAbsent, ifMatch }))
        return { kind: 'file', key, cid, etag: etagOf(cid), size: counted.bytes(), mode, modified }
      })
    },

    async *list(context, directory, { limit = pageMax }): AsyncGenerator<Page> {
      const there = await lookOrNothing(context, directory)
      if (there === undefined) return
      if (there.kind !== 'directory') throw storageError('NotDirectory', 'it is a file')
      let entries: Entry[] = []
      // One state of the directory, whatever happens to it meanwhile.
      for await (const found of client.ls(`/ipfs/${there.cid}`, context)) {
        entries.push(listed(directory, found))
        if (entries.length < limit) continue
        yield { entries }
        entries = []
      }
      if (entries.length > 0) yield { entries }
    },

    async delete(context, key, { ifMatch }) {
      await change(context, key, async () => {
        await requireEtag(context, key, ifMatch)
        try {
          await client.files.rm(at(key), context)
        } catch (error) {
          const code = errorCode(error)
          if (code !== 'NotFound' && code !== 'NotDirectory') throw error
        }
      })
    },

    async copy(context, from, to, { fromEtag, ...conditions }) {
      const stat = await requireFile(context, from)
      if (fromEtag !== undefined && fromEtag !== etagOf(stat.cid)) {
        throw storageError('ConditionFailed', 'the source is not in the state that fromEtag names')
      }
      await turns.write(context.signal, () => change(context, to, () => name(context, stat.cid, to, conditions)))
      return entryOf(context, to, stat)
    },

    async move(context, from, to, conditions) {
      return change(context, to, async () => {
        const stat = await requireFile(context, from)
        if (from === to) {
          await requireEtag(context, to, conditions.ifMatch)
          if (conditions.ifAbsent === true) throw storageError('AlreadyExists', 'it is there already')
          return entryOf(context, to, stat)
        }
        // Not `files/mv`: it leaves the old name where both directories are called the same, and moves into a directory.
        await name(context, stat.cid, to, conditions)
        try {
          await client.files.rm(at(from), context)
        } catch (error) {
          throw isStorageError(error) ? withDetails(error, { applied: 'maybe' }) : error
        }
        return entryOf(context, to, stat)
      })
    },

    directories: {
      async make(context, directory) {
        await change(context, directory, () => client.files.mkdir(at(directory), context))
      },
      async remove(context, directory) {
        await change(context, directory, async () => {
          const there = await client.files.stat(at(directory), context)
          if (there.kind !== 'directory') throw storageError('NotDirectory', 'it is a file')
          for await (const _ of client.ls(`/ipfs/${there.cid}`, context)) {
            throw storageError('NotEmpty', 'the directory holds something')
          }
          await client.files.rm(at(directory), { recursive: true, signal: context.signal })
        })
      },
    },
  }

  /** The root is a directory, also before the first write has made it. */
  async function lookAtRoot(context: Context, key: Key): Promise<FilesStat> {
    if (key !== '') return look(context, key)
    return (await lookOrNothing(context, key)) ?? { kind: 'directory', cid: emptyDirectory, size: 0, dagSize: 4 }
  }
}

const emptyDirectory = 'bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354'

/** A state of a file is its content. */
function etagOf(cid: string): string {
  return `"${cid}"`
}

function requireState(etag: string, ifMatch: string | undefined, ifNoneMatch: string | undefined): void {
  if (ifMatch !== undefined && ifMatch !== etag) {
    throw storageError('ConditionFailed', 'the object is not in the state that ifMatch names')
  }
  if (ifNoneMatch !== undefined && ifNoneMatch === etag) throw storageError('NotModified', 'it is as it was')
}

/** A failure before anything has a name changed nothing that anybody sees, whatever the daemon keeps of the bytes. */
async function beforeNaming<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw isStorageError(error) && error.applied === 'maybe' ? withDetails(error, { applied: 'no' }) : error
  }
}

function listed(directory: string, { name, kind, cid, size, target, mode, modified }: LsEntry): Entry {
  const key = directory === '' ? name : `${directory}/${name}`
  if (kind === 'directory') return { kind, key, cid, mode, modified }
  return { kind, key, cid, etag: etagOf(cid), mode, modified, ...(kind === 'file' ? { size } : { target }) }
}

/** The source, and how many bytes it gave. */
function countedSource(source: Source): { readonly source: Source; bytes(): number } {
  if (source.bytes !== undefined) {
    const { byteLength } = source.bytes
    return { source, bytes: () => byteLength }
  }
  let bytes = 0
  return {
    source: {
      size: source.size,
      open(from) {
        const stream = source.open(from)
        if (stream === null) return null
        return (async function* counting() {
          for await (const chunk of stream) {
            bytes += chunk.byteLength
            yield chunk
          }
        })()
      },
    },
    bytes: () => bytes,
  }
}
