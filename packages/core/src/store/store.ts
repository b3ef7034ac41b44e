/// <reference lib="esnext.disposable" preserve="true" />
import type {
  Attributes,
  Blocks,
  Bytes,
  Capabilities,
  Change,
  ChangeNotice,
  Content,
  Context,
  Directories,
  Entry,
  Etag,
  HandleMode,
  Hashes,
  Ipns,
  Key,
  Links,
  LocalFile,
  Operation,
  Pins,
  ReadConditions,
  ReadOptions,
  SignedUrl,
  Source,
  Upload,
  Usage,
  WriteConditions,
} from '../backend/index.ts'

/** For every call. */
export interface CallOptions {
  /** Cancels: the call rejects with Aborted soon after, and frees what it holds. */
  readonly signal?: AbortSignal | undefined
  /** Goes to logs, errors and servers that take one; made up where it is absent. */
  readonly requestId?: string | undefined
}

/** Bytes moved so far; `total` where it is known. */
export interface Progress {
  readonly bytes: number
  readonly total?: number | undefined
}

export interface StatCall extends CallOptions, ReadConditions {
  /** On stores without real directories, ask with a listing whether anything is below the key. */
  readonly implied?: boolean | undefined
}

export interface ReadCall extends CallOptions, ReadOptions {
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

export interface WriteCall extends CallOptions, WriteConditions, Attributes {
  /** Length of a stream in bytes. A body of another length publishes nothing: Corrupt. */
  readonly size?: number | undefined
  /** Of the whole body. One that does not match publishes nothing: Corrupt. */
  readonly hashes?: Hashes | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

export interface ListCall extends CallOptions {
  /** All files below, at any depth. */
  readonly recursive?: boolean | undefined
  /** Only keys after this one, by the UTF-8 bytes of the key. Makes the listing ordered. */
  readonly after?: string | undefined
  /** Continues after an earlier page, with the same other options. */
  readonly cursor?: string | undefined
  /** Entries in a page, not in all. */
  readonly limit?: number | undefined
  /** By the UTF-8 bytes of the key, whatever the store's own order is. */
  readonly ordered?: boolean | undefined
  readonly want?: readonly (keyof Entry)[] | undefined
}

/** What may be written. Streams are pulled once, unless they come as a `Source`. */
export type Body =
  | string
  | Uint8Array
  | ArrayBuffer
  | Blob
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>
  | Source

/** An entry whose name has been checked. */
export interface StoreEntry extends Entry {
  readonly key: Key
}

/**
 * What a read gives: an entry and a body that is taken once, as a whole or as a stream. Disposing frees a body that was not taken or not
 * read to its end; so does `await using`.
 */
export interface Reading extends AsyncDisposable, AsyncIterable<Bytes> {
  readonly entry: StoreEntry
  /** Offset in the object of the body's first byte. */
  readonly from: number
  /** Length of the body in bytes, where it is known. */
  readonly size: number | undefined
  /** The whole body. @throws TooLarge where it has more than `maxBytes`. */
  bytes(options?: { readonly maxBytes?: number | undefined }): Promise<Bytes>
  /** As UTF-8, without checking that it is. */
  text(options?: { readonly maxBytes?: number | undefined }): Promise<string>
  json(options?: { readonly maxBytes?: number | undefined }): Promise<unknown>
  blob(options?: { readonly maxBytes?: number | undefined }): Promise<Blob>
  /** A web stream of the body; cancelling it frees the body. */
  stream(): ReadableStream<Bytes>
  /** The bytes at hand where all came at once, so that no stream need be made; else undefined. */
  readonly whole: Bytes | undefined
  /** The file of this machine that the stream reads, for a `Source` of the same bytes; undefined where there is none. */
  readonly file: LocalFile | undefined
}

/** Entries one by one; or in the pages the store gives, with cursors. Each iteration lists anew. */
export interface Listing extends AsyncIterable<StoreEntry> {
  pages(): AsyncIterable<{ readonly entries: readonly StoreEntry[]; readonly cursor?: string | undefined }>
}

/** Random access, see `Handle`. Closing without `publish` drops what was written. */
export interface StoreHandle extends AsyncDisposable {
  readonly entry: StoreEntry
  read(into: Bytes, at: number, options?: CallOptions): Promise<number>
  write(from: Bytes, at: number, options?: CallOptions): Promise<void>
  truncate(size: number, options?: CallOptions): Promise<void>
  /** Default condition: the object is as it was when opened. */
  publish(
    options?: CallOptions & WriteConditions & { readonly unconditional?: boolean | undefined },
  ): Promise<StoreEntry>
  close(): Promise<void>
}

type Loose<Value> = Value extends Key ? string : Value
type LooseAll<Values extends readonly unknown[]> = { [Index in keyof Values]: Loose<Values[Index]> }
type Call<Method> = Method extends (context: Context, ...rest: infer Rest) => infer Result
  ? (...rest: [...LooseAll<Rest>, options?: CallOptions]) => Result
  : never
/** A group as a program calls it: without the context, keys as plain strings, call options last. Every method exists. */
export type Bound<Methods> = { readonly [Name in keyof Methods]-?: Call<NonNullable<Methods[Name]>> }

/**
 * What a program holds. Every method exists and rejects with Unsupported, before any I/O, where the store cannot do it; `can` asks.
 * Keys are plain strings, checked on the way in. Every rejection is a StorageError, save a source's own failure.
 */
export interface Store extends AsyncDisposable {
  readonly name: string
  readonly type: string
  /** As the program sees them: with what core and the layers add and take away. */
  readonly capabilities: Capabilities
  can(operation: Operation): boolean

  stat(key: string, options?: StatCall): Promise<StoreEntry>
  read(key: string, options?: ReadCall): Promise<Reading>
  write(key: string, body: Body, options?: WriteCall): Promise<StoreEntry>
  list(directory?: string, options?: ListCall): Listing
  delete(
    key: string,
    options?: CallOptions & { readonly ifMatch?: Etag | undefined; readonly version?: string | undefined },
  ): Promise<void>
  /** One result for each key, in any order; nothing happens before it is iterated. */
  deleteMany(
    keys: Iterable<string> | AsyncIterable<string>,
    options?: CallOptions,
  ): AsyncIterable<{ readonly key: string; readonly error?: unknown }>
  batch(
    changes: readonly Change[],
    options?: CallOptions & { readonly message?: string | undefined; readonly ifMatch?: Etag | undefined },
  ): Promise<StoreEntry[]>
  copy(
    from: string,
    to: string,
    options?: CallOptions & WriteConditions & { readonly fromEtag?: Etag | undefined },
  ): Promise<StoreEntry>
  move(from: string, to: string, options?: CallOptions & WriteConditions): Promise<StoreEntry>
  append(key: string, body: Body, options?: CallOptions & { readonly at?: number | undefined }): Promise<StoreEntry>
  update(key: string, attributes: Attributes, options?: CallOptions): Promise<StoreEntry>
  url(
    key: string,
    options: CallOptions & {
      readonly method?: 'GET' | 'PUT' | undefined
      readonly expiresInSeconds: number
      readonly contentType?: string | undefined
    },
  ): Promise<SignedUrl>
  versions(key: string, options?: CallOptions): Listing
  changes(options?: CallOptions & { readonly since?: string | undefined }): AsyncIterable<ChangeNotice>
  search(
    query: {
      readonly name?: string | undefined
      readonly text?: string | undefined
      readonly under?: string | undefined
    },
    options?: CallOptions,
  ): Listing
  usage(options?: CallOptions): Promise<Usage>
  ping(options?: CallOptions): Promise<void>
  open(key: string, mode: HandleMode, options?: CallOptions): Promise<StoreHandle>

  readonly upload: Bound<Upload>
  readonly directories: Bound<Directories>
  readonly links: Bound<Links>
  readonly blocks: Bound<Blocks>
  readonly content: Bound<Content>
  readonly pins: Bound<Pins>
  readonly ipns: Bound<Ipns>

  /** Asks the server what it can really do, under a scratch prefix that it removes. Never called by itself. */
  probe(options?: CallOptions): Promise<Capabilities>
  /** Frees everything, inner stores too. Closing twice is no error. */
  close(): Promise<void>
}
