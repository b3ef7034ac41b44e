import { importFile, importTree, type BlockWriter, type Imported, type Profile, type TreeEntry } from '@kit/content'
import { storageError, type ByteStream, type Bytes, type Source, type StoreEntry } from '@kit/core'
import type { Filter } from '@kit/core/transfer'
import { withHint } from '../outcome.ts'
import type { Place, Session } from '../session.ts'
import { withStandardInput } from '../standard-input.ts'

export interface ImportTargetOptions {
  /** Directories may be targets. */
  readonly trees: boolean
  readonly filter: Filter | undefined
  readonly onBytes: (bytes: number) => void
}

/** How a body or a tree becomes content: blocks go to a writer, or a whole body to a store that makes them itself. */
export interface Importer {
  file(source: Source): Promise<Pick<Imported, 'cid' | 'size'>>
  tree(entries: AsyncIterable<TreeEntry>): Promise<Pick<Imported, 'cid' | 'size'>>
}

/** Gives a target to an importer: a file or tree of any store, or `-`, standard input. @throws IsDirectory, NotFound */
export async function importTarget(
  session: Session,
  target: string,
  importer: Importer,
  options: ImportTargetOptions,
): Promise<Pick<Imported, 'cid' | 'size'>> {
  const { onBytes } = options
  if (target === '-') {
    return withStandardInput(session, (stream) => importer.file({ open: once(counted(stream, onBytes)) }))
  }
  const place = await session.place(target)
  const { store, key } = place
  const kind = key === '' ? 'directory' : (await store.stat(key, { ...session.call, implied: true })).kind
  if (kind === 'directory') {
    if (options.trees) return importer.tree(entriesOf(session, place, options))
    const error = storageError('IsDirectory', 'it is a directory', { store: store.name, key })
    throw withHint(error, 'Say -r for all that is in it.')
  }
  await using reading = await store.read(key, session.call)
  const { entry, file } = reading
  const again = sourceOf(session, place, entry, onBytes)
  let first = true
  return await importer.file({
    ...again,
    file: file && { ...file, copied: onBytes },
    open(from) {
      if (!first || from !== 0) return again.open(from)
      first = false
      return counted(reading, onBytes)
    },
  })
}

/** An importer whose blocks go to a writer. */
export function blockImporter({ signal }: Session, writer: BlockWriter, profile: Profile): Importer {
  return {
    file: (source) => importFile(source, writer, { profile, signal }),
    tree: (entries) => importTree(entries, writer, { profile, signal }),
  }
}

async function* entriesOf(
  session: Session,
  { store, key, ...rest }: Place,
  { filter, onBytes }: ImportTargetOptions,
): AsyncGenerator<TreeEntry> {
  const listed = store.list(key, { ...session.call, recursive: true, ordered: true, want: ['file'] })
  for await (const entry of listed) {
    const path = key === '' ? entry.key : entry.key.slice(key.length + 1)
    if (filter !== undefined && (entry.kind === 'directory' || !filter.admits(path, entry))) continue
    if (entry.kind === 'directory') yield { path, kind: 'directory' }
    else if (entry.kind === 'link') yield { path, kind: 'link', target: entry.target ?? '' }
    else yield { path, kind: 'file', source: sourceOf(session, { store, key, ...rest }, entry, onBytes) }
  }
}

/** An object as a body that can be read again while the object stays as it is. */
function sourceOf({ call }: Session, { store }: Place, entry: StoreEntry, onBytes: (bytes: number) => void): Source {
  const { key, size, etag, file } = entry
  async function* read(from: number): AsyncGenerator<Bytes> {
    const ifMatch = store.capabilities.read.ifMatch === undefined ? undefined : etag
    await using reading = await store.read(key, { ...call, ifMatch, range: from === 0 ? undefined : { from } })
    if (reading.entry.etag !== etag) {
      throw storageError('Conflict', 'the source changed while it was read', { store: store.name, key })
    }
    yield* counted(reading, onBytes)
  }
  return { size, version: etag, file: file && { ...file, copied: onBytes }, open: (from) => read(from) }
}

async function* counted(stream: ByteStream, onBytes: (bytes: number) => void): AsyncGenerator<Bytes> {
  for await (const chunk of stream) {
    onBytes(chunk.byteLength)
    yield chunk
  }
}

function once(stream: ByteStream): Source['open'] {
  let opened = false
  return (from) => {
    if (opened || from !== 0) return null
    opened = true
    return stream
  }
}
