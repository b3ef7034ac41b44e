import { storageError, type Capabilities, type How, type Operation } from '@kit/core'

/** What the API carries: the most that a store behind it can do for whoever asks over it. */
export const capabilities: Capabilities = {
  ops: {
    write: 'native',
    list: 'native',
    delete: 'native',
    deleteMany: 'native',
    copy: 'native',
    move: 'native',
    append: 'native',
    update: 'native',
    url: 'native',
    versions: 'native',
    usage: 'native',
    ping: 'native',
    upload: 'native',
    directories: 'native',
    links: 'native',
    blocks: 'native',
    content: 'native',
    pins: 'native',
    ipns: 'native',
  },
  etag: 'strong',
  read: { range: 'native', ifMatch: 'native', ifNoneMatch: 'native', version: 'native' },
  write: {
    atomic: 'native',
    durable: 'power',
    ifAbsent: 'native',
    ifMatch: 'native',
    conditionScope: 'store',
    unknownSize: 'native',
    attributes: [
      'contentType',
      'contentEncoding',
      'contentDisposition',
      'cacheControl',
      'metadata',
      'modified',
      'mode',
    ],
    // Attributes travel in headers, percent-encoded, of which a server takes 16 KiB with the key.
    metadataMaxBytes: 2048,
    checks: ['sha256'],
  },
  copy: { ifAbsent: 'native', ifMatch: 'native', fromEtag: 'native' },
  move: { ifAbsent: 'native', ifMatch: 'native' },
  list: {
    recursive: 'native',
    after: 'native',
    cursor: true,
    ordered: 'native',
    pageMax: 1000,
    fields: ['size', 'etag', 'modified', 'mode', 'contentType', 'metadata', 'hashes', 'cid', 'version'],
  },
  delete: { ifMatch: 'native', batchMax: 1000 },
  keys: { maxBytes: 4096, caseSensitive: true, unicode: 'exact', fileAndPrefix: true },
  directories: 'real',
  consistent: { read: true, list: true },
  upload: { partMinBytes: 1, partMaxBytes: Number.MAX_SAFE_INTEGER, partsMax: Number.MAX_SAFE_INTEGER, list: true },
  hints: { concurrency: 32 },
}

/**
 * What is taken for true of a store that has not been asked: it may be able to do all that the API carries and refuses the rest itself,
 * but nothing is promised in its name.
 */
export const unasked: Capabilities = {
  ...capabilities,
  write: capabilities.write && { ...capabilities.write, durable: 'process', conditionScope: 'host' },
  list: { recursive: 'native', pageMax: 1000, fields: ['size'] },
  keys: { maxBytes: 4096, caseSensitive: true, unicode: 'exact' },
  consistent: { read: false, list: false },
}

const durabilities = ['process', 'power'] as const
const scopes = ['process', 'host', 'store'] as const
const etags = [undefined, 'weak', 'strong'] as const

/** What both can. What the other side does in whatever way is one call from here, so `emulated` becomes `native`. */
export function meet(most: Capabilities, remote: Capabilities): Capabilities {
  const both = (a: How | undefined, b: How | undefined): How | undefined => (b === undefined ? undefined : a)
  const fewer = (a: number | undefined, b: number | undefined): number | undefined =>
    a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)
  const least = <Word>(order: readonly Word[], a: Word, b: Word): Word =>
    order[Math.min(order.indexOf(a), order.indexOf(b))] ?? a
  const { write, list, copy, move, keys } = remote
  const ops: { [Name in Operation]?: How } = {}
  for (const [name, how] of entriesOf(most.ops))
    if (remote.ops[name] !== undefined && how !== undefined) ops[name] = how
  // Content is checked here, by the blocks that it is made of.
  if (ops.blocks === undefined) delete ops.content
  return withoutAbsent({
    ops,
    etag: least(etags, most.etag, remote.etag),
    read: withoutAbsent({
      range: most.read.range,
      ifMatch: both(most.read.ifMatch, remote.read.ifMatch),
      ifNoneMatch: both(most.read.ifNoneMatch, remote.read.ifNoneMatch),
      version: both(most.read.version, remote.read.version),
    }),
    write:
      write &&
      most.write &&
      withoutAbsent({
        atomic: both(most.write.atomic, write.atomic),
        durable: least(durabilities, most.write.durable, write.durable),
        ifAbsent: both(most.write.ifAbsent, write.ifAbsent),
        ifMatch: both(most.write.ifMatch, write.ifMatch),
        conditionScope: least(scopes, most.write.conditionScope ?? 'host', write.conditionScope ?? 'host'),
        unknownSize: most.write.unknownSize,
        attributes: most.write.attributes.filter((name) => write.attributes.includes(name)),
        metadataMaxBytes: fewer(most.write.metadataMaxBytes, write.metadataMaxBytes),
        checks: most.write.checks,
        maxBytes: fewer(most.write.maxBytes, write.maxBytes),
      }),
    copy:
      ops.copy &&
      withoutAbsent({
        ifAbsent: both(most.copy?.ifAbsent, copy?.ifAbsent),
        ifMatch: both(most.copy?.ifMatch, copy?.ifMatch),
        fromEtag: both(most.copy?.fromEtag, copy?.fromEtag),
      }),
    move:
      ops.move &&
      withoutAbsent({
        ifAbsent: both(most.move?.ifAbsent, move?.ifAbsent),
        ifMatch: both(most.move?.ifMatch, move?.ifMatch),
        replaces: move?.replaces ?? most.move?.replaces,
      }),
    list:
      list &&
      most.list &&
      withoutAbsent({
        recursive: most.list.recursive,
        // An order that the other side makes costs it a sort of every listing, so it is not asked for.
        after: list.ordered === 'native' ? most.list.after : undefined,
        ordered: list.ordered === 'native' ? most.list.ordered : undefined,
        cursor: list.cursor && most.list.cursor,
        pageMax: most.list.pageMax,
        fields: most.list.fields.filter((name) => list.fields.includes(name)),
      }),
    delete:
      ops.delete &&
      withoutAbsent({
        ifMatch: both(most.delete?.ifMatch, remote.delete?.ifMatch),
        batchMax: most.delete?.batchMax,
      }),
    keys: withoutAbsent({
      maxBytes: Math.min(most.keys.maxBytes, keys.maxBytes),
      segmentMaxBytes: fewer(most.keys.segmentMaxBytes, keys.segmentMaxBytes),
      caseSensitive: most.keys.caseSensitive,
      unicode: most.keys.unicode,
      fileAndPrefix: keys.fileAndPrefix && most.keys.fileAndPrefix,
    }),
    directories: most.directories === 'real' ? remote.directories : most.directories,
    consistent: {
      read: most.consistent.read && remote.consistent.read,
      list: most.consistent.list && remote.consistent.list,
    },
    upload: ops.upload && remote.upload && meetUploads(most.upload, remote.upload),
    hints: most.hints,
  })
}

type Uploads = NonNullable<Capabilities['upload']>

function meetUploads(most: Uploads | undefined, remote: Uploads): Uploads {
  return withoutAbsent({
    partMinBytes: Math.max(most?.partMinBytes ?? 1, remote.partMinBytes),
    partMaxBytes: Math.min(most?.partMaxBytes ?? Infinity, remote.partMaxBytes),
    partsMax: Math.min(most?.partsMax ?? Infinity, remote.partsMax),
    list: most?.list === true ? remote.list : undefined,
  })
}

/** As JSON has it, so that capabilities that were saved equal those that are made anew. */
function withoutAbsent<Value extends object>(value: Value): Value {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only members that are undefined go, which optional ones may
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Value
}

function entriesOf(ops: Capabilities['ops']): readonly (readonly [Operation, How | undefined])[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the type has no other members
  return Object.entries(ops) as [Operation, How | undefined][]
}

const parts = ['ops', 'read', 'keys', 'consistent'] as const

/** What a server or a configuration tells as capabilities. @throws InvalidConfig */
export function requireCapabilities(value: unknown, from: string): Capabilities {
  const has = (name: string): boolean => typeof Reflect.get(Object(value), name) === 'object'
  const missing = parts.filter((name) => !has(name))
  if (missing.length > 0) {
    throw storageError('InvalidConfig', `${from} are no capabilities of a store: ${missing.join(', ')} is missing`)
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of the same Kit: its parts are there, and are only compared
  return value as Capabilities
}

/** Paths of what `declared` claims and `real` has not. */
export function differences(declared: unknown, real: unknown, path = ''): string[] {
  if (typeof declared !== 'object' || declared === null) return Object.is(declared, real) ? [] : [path]
  if (Array.isArray(declared)) {
    const there: readonly unknown[] = Array.isArray(real) ? real : []
    return declared.filter((item) => !there.includes(item)).map((item) => `${path}.${String(item)}`)
  }
  return Object.entries(declared).flatMap(([name, value]) =>
    differences(value, Reflect.get(Object(real), name), path === '' ? name : `${path}.${name}`),
  )
}
