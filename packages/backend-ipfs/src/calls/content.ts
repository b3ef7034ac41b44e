import { bytesSource, collect, storageError, type ByteStream, type Source } from '@kit/core'
import type { Profile } from '@kit/content'
import { fieldsOf, goMode, posixMode, unixTime, type Options, type Part, type Rpc } from '../rpc/index.ts'
import type { KuboCall } from './call.ts'

export interface AddOptions extends KuboCall {
  /** How bytes become a DAG (IPIP-499). Default `unixfs-v1-2025`. How directories are sharded is the daemon's own setting. */
  readonly profile?: Profile | undefined
  /** Default: false. What is not pinned is there until the daemon collects. */
  readonly pin?: boolean | undefined
  readonly pinName?: string | undefined
  /** Computes the CID and stores nothing. */
  readonly onlyHash?: boolean | undefined
  /** POSIX permission bits and time of the one file that is added; entries of a tree have their own. */
  readonly mode?: number | undefined
  readonly modified?: Date | undefined
}

/** What was added. */
export interface Added {
  readonly cid: string
  /** Path in what was added; '' for the one file, and for the root of a tree. */
  readonly path: string
  /** Bytes of the DAG, with its inner nodes. */
  readonly dagSize: number
}

/** One entry of a tree to add. Parents are made; a directory is only named where it is empty or has attributes. */
export interface TreeEntry {
  readonly path: string
  readonly kind?: 'file' | 'directory' | 'link' | undefined
  readonly body?: Source | undefined
  /** Of a link. */
  readonly target?: string | undefined
  readonly mode?: number | undefined
  readonly modified?: Date | undefined
}

export interface LsEntry {
  readonly name: string
  readonly cid: string
  readonly kind: 'file' | 'directory' | 'link'
  /** Bytes of a file; 0 of others. */
  readonly size: number
  readonly target?: string | undefined
  readonly mode?: number | undefined
  readonly modified?: Date | undefined
}

export interface ContentCalls {
  /** Adds one file as a stream. */
  add(source: Source, options?: AddOptions): Promise<Added>
  /** Adds a tree as a stream and tells of each entry once it is in; the root comes last, with the path ''. */
  addTree(
    entries: Iterable<TreeEntry> | AsyncIterable<TreeEntry>,
    options?: Omit<AddOptions, 'mode' | 'modified'> & {
      /** Keeps `mode` and `modified` of entries, for which Kubo makes other nodes: the CIDs are not those of the profile. */
      readonly attributes?: boolean | undefined
    },
  ): AsyncIterable<Added>
  /** A value as a file of JSON text. */
  addJson(value: unknown, options?: AddOptions): Promise<Added>
  /** Bytes of a file as the daemon gives them, unverified; a store's `content.read` verifies. Rejects before the first byte where there is none. */
  cat(
    path: string,
    options?: KuboCall & { readonly offset?: number | undefined; readonly length?: number | undefined },
  ): Promise<ByteStream>
  /** A file of JSON text, parsed. At most 16 MiB. */
  getJson(path: string, options?: KuboCall): Promise<unknown>
  /** A file or tree as a tar archive. */
  get(path: string, options?: KuboCall & { readonly compress?: boolean | undefined }): Promise<ByteStream>
  /** What is in a directory. Empty for a file. */
  ls(path: string, options?: KuboCall): AsyncIterable<LsEntry>
  /** CIDs that a node links to; `recursive`: at any depth, each once. */
  refs(
    path: string,
    options?: KuboCall & { readonly recursive?: boolean | undefined; readonly maxDepth?: number | undefined },
  ): AsyncIterable<string>
  /** CIDs of every block that the daemon has. */
  refsLocal(options?: KuboCall): AsyncIterable<string>
}

const profileOptions: { readonly [Name in Profile]: Options } = {
  'unixfs-v1-2025': { 'cid-version': 1, 'raw-leaves': true, chunker: 'size-1048576', 'max-file-links': 1024 },
  'unixfs-v0-2015': { 'cid-version': 0, 'raw-leaves': false, chunker: 'size-262144', 'max-file-links': 174 },
}

const kinds: { readonly [type: number]: LsEntry['kind'] } = {
  0: 'file',
  1: 'directory',
  2: 'file',
  4: 'link',
  5: 'directory',
}

export function contentCalls(rpc: Rpc): ContentCalls {
  async function* upload(
    parts: Iterable<Part> | AsyncIterable<Part>,
    options: AddOptions,
    extra: Options,
  ): AsyncGenerator<Added> {
    const { profile = 'unixfs-v1-2025', pin = false, pinName, onlyHash, signal } = options
    const given = {
      ...profileOptions[profile],
      pin,
      'pin-name': pin ? pinName : undefined,
      'only-hash': onlyHash,
      ...extra,
    }
    for await (const value of rpc.lines('add', {
      parts,
      options: { hash: 'sha2-256', ...given },
      signal,
      changes: true,
    })) {
      const fields = fieldsOf(value, 'add')
      if (fields.maybeText('Hash') === undefined) continue
      yield { cid: fields.text('Hash'), path: fields.maybeText('Name') ?? '', dagSize: fields.number('Size') }
    }
  }

  async function add(source: Source, options: AddOptions = {}): Promise<Added> {
    const { mode, modified } = options
    const time = modified && unixTime(modified)
    const extra =
      mode === undefined && time === undefined
        ? {}
        : // Attributes stand in a node of their own, which Kubo makes only without raw leaves.
          {
            mode: mode === undefined ? undefined : goMode(mode),
            mtime: time?.seconds,
            'mtime-nsecs': time?.nanoseconds,
            'raw-leaves': false,
          }
    let last: Added | undefined
    for await (const added of upload([{ body: source }], options, extra)) last = added
    if (last === undefined) throw storageError('Unexpected', 'Kubo took the body and told no CID', { applied: 'maybe' })
    return { ...last, path: '' }
  }

  async function cat(
    path: string,
    { signal, offset, length }: Parameters<ContentCalls['cat']>[1] = {},
  ): Promise<ByteStream> {
    return rpc.bytes('cat', { args: [path], options: { offset, length }, signal })
  }

  return {
    add,
    async *addTree(entries, { attributes = false, ...options } = {}) {
      const kept = attributes ? { 'preserve-mode': true, 'preserve-mtime': true, 'raw-leaves': false } : {}
      yield* upload(partsOf(entries, attributes), options, { 'wrap-with-directory': true, ...kept })
    },
    addJson: (value, options) => add(bytesSource(new TextEncoder().encode(JSON.stringify(value))), options),
    cat,
    async getJson(path, options) {
      const bytes = await collect(await cat(path, options), 16 << 20)
      try {
        const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
        return value
      } catch (error) {
        throw storageError('Corrupt', `${path} is no JSON`, { cause: error })
      }
    },
    get: (path, { signal, compress } = {}) =>
      rpc.bytes('get', { args: [path], options: { archive: true, compress }, signal }),
    async *ls(path, { signal } = {}) {
      const options = { stream: true, size: true, 'resolve-type': true }
      for await (const value of rpc.lines('ls', { args: [path], options, signal })) {
        for (const object of fieldsOf(value, 'ls').list('Objects')) {
          for (const link of fieldsOf(object, 'ls').list('Links')) yield lsEntry(link)
        }
      }
    },
    async *refs(path, { signal, recursive = false, maxDepth } = {}) {
      const options = { recursive, unique: true, 'max-depth': maxDepth }
      yield* refsOf(rpc.lines('refs', { args: [path], options, signal }), 'refs')
    },
    async *refsLocal({ signal } = {}) {
      yield* refsOf(rpc.lines('refs/local', { signal }), 'refs/local')
    },
  }
}

async function* partsOf(
  entries: Iterable<TreeEntry> | AsyncIterable<TreeEntry>,
  attributes: boolean,
): AsyncGenerator<Part> {
  for await (const { path, kind = 'file', body, target, mode, modified } of entries) {
    const link = kind === 'link' ? bytesSource(new TextEncoder().encode(target ?? '')) : undefined
    if (kind === 'link' && target === undefined) throw storageError('InvalidConfig', `the link ${path} has no target`)
    if (kind === 'file' && body === undefined) throw storageError('InvalidConfig', `the file ${path} has no body`)
    if (!attributes && (mode !== undefined || modified !== undefined)) {
      throw storageError('InvalidConfig', `${path} has attributes: they are kept with \`attributes: true\``)
    }
    yield { path, kind, body: link ?? body, mode, modified }
  }
}

async function* refsOf(values: AsyncIterable<unknown>, command: string): AsyncGenerator<string> {
  for await (const value of values) {
    const fields = fieldsOf(value, command)
    const failed = fields.maybeText('Err')
    if (failed !== undefined) throw storageError('Unavailable', `Kubo says: ${failed}`)
    yield fields.text('Ref')
  }
}

function lsEntry(link: unknown): LsEntry {
  const fields = fieldsOf(link, 'ls')
  const kind = kinds[fields.number('Type')]
  if (kind === undefined)
    throw storageError('Corrupt', `Kubo lists ${fields.text('Name')} as a thing of type ${fields.number('Type')}`)
  const mode = fields.maybeNumber('Mode') ?? 0
  const modified = Date.parse(fields.maybeText('ModTime') ?? '')
  return {
    name: fields.text('Name'),
    cid: fields.text('Hash'),
    kind,
    size: kind === 'file' ? fields.number('Size') : 0,
    target: fields.maybeText('Target'),
    mode: posixMode(mode),
    // The year 1 stands for none.
    modified: Number.isNaN(modified) || modified < -62_000_000_000_000 ? undefined : new Date(modified),
  }
}
