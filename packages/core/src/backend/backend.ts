/**
 * The contract between core and a storage backend.
 *
 * `stat` and `read` are required; everything else is optional and counts only when `capabilities` declares it. What a backend leaves
 * out and core can make of the rest, core makes (see `capabilities.ts`). `docs/write-a-backend.md` walks through a whole one.
 */
import type { Blocks } from './blocks.ts'
import type { Capabilities } from './capabilities.ts'
import type { Content } from './content.ts'
import type { Context } from './context.ts'
import type { Directories } from './directories.ts'
import type { Handle, HandleMode } from './handle.ts'
import type { Ipns } from './ipns.ts'
import type { Links } from './links.ts'
import type { Pins } from './pins.ts'
import type { Upload } from './upload.ts'
import type { Attributes, ByteRange, Bytes, ByteStream, Entry, Etag, Hashes, Key, LocalFile, Source } from './values.ts'

/** Conditions on what is read. A failed `ifMatch` is ConditionFailed, a failed `ifNoneMatch` NotModified. */
export interface ReadConditions {
  readonly ifMatch?: Etag | undefined
  readonly ifNoneMatch?: Etag | undefined
  /** Reads this kept version instead of the newest. */
  readonly version?: string | undefined
}

/** Conditions on what is there before a write. A failed `ifAbsent` is AlreadyExists, a failed `ifMatch` ConditionFailed. */
export interface WriteConditions {
  readonly ifAbsent?: true | undefined
  /** Needs a strong etag. A missing object fails it. */
  readonly ifMatch?: Etag | undefined
}

export interface ReadOptions extends ReadConditions {
  readonly range?: ByteRange | undefined
}

export interface WriteOptions extends WriteConditions, Attributes {
  /** Only those in `capabilities.write.checks` arrive here. A body that does not match publishes nothing: Corrupt. */
  readonly hashes?: Hashes | undefined
}

export interface ReadResult {
  /** The object that `body` belongs to: size and etag are of the whole object, not of the range. */
  readonly entry: Entry
  /** Offset of the first byte of `body` in the object. What the server really sent, not what was asked. */
  readonly from: number
  /** `Bytes` when all of it came at once. A stream not read to its end is freed by its `return()`. */
  readonly body: Bytes | ByteStream
  /** The file that a stream reads, where it is one of this machine. */
  readonly file?: LocalFile | undefined
}

export interface Page {
  readonly entries: readonly Entry[]
  /** Continues after this page, in another process too, while the listing lives. Absent on the last page. */
  readonly cursor?: string | undefined
}

export interface ListOptions {
  /** All files below, at any depth; directories only where they are real or marked. */
  readonly recursive?: boolean | undefined
  /** Only names after this one, by the UTF-8 bytes of the whole key. Exclusive; need not exist. */
  readonly after?: string | undefined
  /** From an earlier page of the same listing. */
  readonly cursor?: string | undefined
  /** Entries in a page, at most `capabilities.list.pageMax`. */
  readonly limit?: number | undefined
  /** Fields the caller will read, beyond `capabilities.list.fields`; the backend may pay for them. */
  readonly want?: readonly (keyof Entry)[] | undefined
}

/** One of several changes that become visible together. */
export type Change =
  | { readonly write: Key; readonly source: Source; readonly attributes?: Attributes | undefined }
  | { readonly delete: Key }
  | { readonly copy: Key; readonly to: Key }
  | { readonly move: Key; readonly to: Key }

export interface SignedUrl {
  readonly url: string
  /** To be sent with the request, or it is refused. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** In bytes and objects; what a store cannot tell is absent, never 0. */
export interface Usage {
  readonly usedBytes?: number | undefined
  readonly totalBytes?: number | undefined
  readonly freeBytes?: number | undefined
  readonly objects?: number | undefined
}

/** Keys that may have changed. `lost`: a gap, so the consumer checks everything again. */
export interface ChangeNotice {
  readonly cursor?: string | undefined
  readonly keys: readonly string[]
  readonly lost?: true | undefined
}

/**
 * What a plugin implements. Arguments arrive checked and declared possible by `capabilities`. Every method rejects with a
 * `StorageError` (code and cause suffice; core fills in the rest), and soon after `signal` aborts. The root is never the object of an
 * operation on one object: core refuses that. No connection is opened before the
 * first call. Calls may run in parallel.
 */
export interface Backend {
  /** Fixed for the life of the instance. Only what is declared counts: a method may exist undeclared, never the reverse. */
  readonly capabilities: Capabilities

  /** One object. A link is not followed: its entry says where it points. The root is asked for only by core's `ping`. */
  stat(context: Context, key: Key, options: ReadConditions): Promise<Entry>
  /** NotFound comes before the first chunk, never after it. A directory is IsDirectory. */
  read(context: Context, key: Key, options: ReadOptions): Promise<ReadResult>

  /**
   * All or nothing: no reader ever sees a part, and nothing is left behind on failure or abort. Creates missing parents. Replaces what
   * is there, except a directory (IsDirectory). The source's own failure is thrown as it came. Nothing returned: core stats.
   */
  write?(context: Context, key: Key, source: Source, options: WriteOptions): Promise<Entry | void>
  /** What is in a directory; a missing one is empty. Sizes are always given. No entry comes twice. */
  list?(context: Context, directory: Key, options: ListOptions): AsyncIterable<Page>
  /** Absent is success, unless `ifMatch`. Never removes a directory (IsDirectory), never prunes parents. A link is removed itself. */
  delete?(
    context: Context,
    key: Key,
    options: { readonly ifMatch?: Etag | undefined; readonly version?: string | undefined },
  ): Promise<void>
  /** At most `capabilities.delete.batchMax` keys. Yields one result for each key, in any order. */
  deleteMany?(context: Context, keys: readonly Key[]): AsyncIterable<{ readonly key: Key; readonly error?: unknown }>
  /** Several changes as one atomic commit (git, content trees, hubs). `ifMatch` is the state of the whole store. */
  batch?(
    context: Context,
    changes: readonly Change[],
    options: { readonly message?: string | undefined; readonly ifMatch?: Etag | undefined },
  ): Promise<Entry[]>
  /** Within the store, without the bytes passing through here; attributes go along. `fromEtag` pins the source: ConditionFailed. */
  copy?(
    context: Context,
    from: Key,
    to: Key,
    options: WriteConditions & { readonly fromEtag?: Etag | undefined },
  ): Promise<Entry | void>
  /** As copy, and the old name is gone. Files only. Onto itself: nothing happens. */
  move?(context: Context, from: Key, to: Key, options: WriteConditions): Promise<Entry | void>
  /** Adds to the end; makes a missing object. `at`: only while the object is this many bytes long, else ConditionFailed. */
  append?(
    context: Context,
    key: Key,
    source: Source,
    options: { readonly at?: number | undefined },
  ): Promise<Entry | void>
  /** Sets the named attributes, leaves the others. */
  update?(context: Context, key: Key, attributes: Attributes): Promise<Entry | void>
  /** A link that needs no credentials until it expires. Made without asking whether the object exists. */
  url?(
    context: Context,
    key: Key,
    options: {
      readonly method: 'GET' | 'PUT'
      readonly expiresInSeconds: number
      readonly contentType?: string | undefined
    },
  ): Promise<SignedUrl>
  /** Kept versions of one object, the newest first. */
  versions?(context: Context, key: Key): AsyncIterable<Page>
  /** Ends only on abort or `return()`. May repeat and reorder. `since`: a cursor from an earlier notice. */
  changes?(context: Context, since?: string): AsyncIterable<ChangeNotice>
  search?(
    context: Context,
    query: { readonly name?: string | undefined; readonly text?: string | undefined; readonly under?: Key | undefined },
  ): AsyncIterable<Page>
  usage?(context: Context): Promise<Usage>
  /** The cheapest call that shows that the store answers and accepts the credentials. Without it, core stats the root. */
  ping?(context: Context): Promise<void>
  /** Frees everything; afterwards no socket, timer or handle is left. Calls in progress may fail with Aborted. */
  close?(): Promise<void>

  /** Random access. Writing stays unseen until `publish`, except with mode 'in-place' where that is native. */
  open?(context: Context, key: Key, mode: HandleMode): Promise<Handle>
  readonly upload?: Upload | undefined
  readonly directories?: Directories | undefined
  readonly links?: Links | undefined
  readonly blocks?: Blocks | undefined
  readonly content?: Content | undefined
  readonly pins?: Pins | undefined
  readonly ipns?: Ipns | undefined
}
