/**
 * The values that cross the border between core and a backend.
 */

/**
 * The name of one object: `/`-joined segments, none of them empty, `.` or `..`, without NUL and well-formed as UTF-16, kept exactly as
 * given (no normalisation). `''` is the root. Made only by core's `parseKey`, so whoever holds a `Key` need not check it again.
 *
 * A backend receives keys in the spelling that its store can hold: core has encoded what `capabilities.keys` says it cannot.
 */
export type Key = string & { readonly key: unique symbol }

/** Plain bytes, never of a SharedArrayBuffer: nobody else can change them meanwhile. */
export type Bytes = Uint8Array<ArrayBuffer>

/**
 * A pulled stream of bytes. A chunk belongs to whoever pulled it: the producer never touches it again. Ending early calls the
 * iterator's `return()`, which frees what the stream holds (sockets, file handles) before it resolves.
 */
export type ByteStream = AsyncIterable<Bytes>

/**
 * A part of an object, in bytes. `{from, to}` is half-open: `{from: 0, to: 1}` is the first byte; without `to` it runs to the end, and
 * a `to` beyond the end is cut there. `{last: n}` is the final n bytes, or all of a shorter object.
 * A `from` at or beyond the end of the object fails with InvalidRange, save `from: 0` of an empty object, which is empty.
 */
export type ByteRange = { from: number; to?: number | undefined } | { last: number }

/**
 * Opaque token of one state of one object: an etag, generation, revision or CID, whatever the store compares by. It changes with
 * every change of the bytes. Weak ones (size and time) are spelt as in HTTP, `W/"…"`: enough to resume a read, never enough for a
 * condition that writes.
 */
export type Etag = string

/** Hash functions of whole objects. Values are lower-case hexadecimal. */
export type HashName = 'sha256' | 'blake3' | 'md5' | 'sha1' | 'crc32' | 'crc32c' | 'crc64nvme'
export type Hashes = Partial<Record<HashName, string>>

/** What is to be written. */
export interface Source {
  /** Length in bytes, where it is known beforehand. A body of another length publishes nothing. */
  readonly size?: number | undefined
  /** Set when the whole body is at hand: no stream is made. */
  readonly bytes?: Bytes | undefined
  /** Names the source's state (of a file: inode, size, mtime); compared before any replay or resume. */
  readonly version?: string | undefined
  /** Set where the body is a file of this machine, or a part of one: a store here may copy it without pulling a stream. */
  readonly file?: LocalFile | undefined
  /**
   * The body from an offset in bytes. `open(0)` gives a stream at least once. `null` means: cannot be opened there (again), which
   * is how a source says that it is one-shot.
   */
  open(from: number): ByteStream | null
}

/** Bytes in a file of this machine, for whoever can open files. */
export interface LocalFile {
  /** Leads to the file that was looked at, if its state is still that; beside a stream, until that is ended or at its end. */
  readonly path: string
  /** Of the state of the file, see `fileState` in `@kit/core/node`: what is opened is compared with it before and after. */
  readonly state: string
  /** Offset in the file of the body's first byte. */
  readonly from: number
  /** Told of each piece that has been copied, in bytes. */
  readonly copied?: ((bytes: number) => void) | undefined
}

/** Attributes that a caller may set. Which ones a store keeps: `capabilities.write.attributes`. */
export interface Attributes {
  readonly contentType?: string | undefined
  readonly contentEncoding?: string | undefined
  readonly contentDisposition?: string | undefined
  readonly cacheControl?: string | undefined
  /** Names are lower-case ASCII tokens, values any string without control characters. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
  readonly modified?: Date | undefined
  /** POSIX permission bits, 0 to 0o7777. */
  readonly mode?: number | undefined
}

/** What stat, list, read and write tell about one object. */
export interface Entry extends Attributes {
  readonly kind: 'file' | 'directory' | 'link'
  /** The whole name under the store's root, as the server spells it. Core parses it into a key, or encodes it where it is none. */
  readonly key: string
  /** Length in bytes. */
  readonly size?: number | undefined
  readonly etag?: Etag | undefined
  /** Names one kept version, where the store has versions. */
  readonly version?: string | undefined
  readonly cid?: string | undefined
  /** The server's own id, where names are not identity; or the raw name, where core had to encode it. */
  readonly id?: string | undefined
  /** Where a link points, as it is spelt in the link. */
  readonly target?: string | undefined
  readonly hashes?: Hashes | undefined
  /** The file of this machine that the object is, unopened; only where it is wanted and `hints.localFiles` says so. */
  readonly file?: LocalFile | undefined
  /** `archived` and `pending` objects have no readable bytes now: read fails with NotReady. Absent means online. */
  readonly state?: 'online' | 'archived' | 'pending' | undefined
}
