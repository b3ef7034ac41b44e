import type { Capabilities, How } from '@kit/core'

/** One thing that a store can do, or not. */
export interface CapabilityRow {
  /** As in the data, such as `write.ifAbsent`. */
  readonly name: string
  readonly how: How | 'no'
}

const operations = [
  'ping',
  'deleteMany',
  'batch',
  'copy',
  'move',
  'append',
  'update',
  'url',
  'versions',
  'changes',
  'search',
  'usage',
  'open',
  'upload',
  'directories',
  'links',
  'blocks',
  'content',
  'pins',
  'ipns',
] as const

/** All that a store may be able to do, one a row, in one order for every store. */
export function capabilityRows({
  ops,
  read,
  write,
  list,
  delete: deletion,
  copy,
  move,
}: Capabilities): CapabilityRow[] {
  const row = (name: string, how: How | undefined): CapabilityRow => ({ name, how: how ?? 'no' })
  return [
    row('read', 'native'),
    row('read.range', read.range),
    row('read.ifMatch', read.ifMatch),
    row('read.ifNoneMatch', read.ifNoneMatch),
    row('read.version', read.version),
    row('write', ops.write),
    row('write.atomic', write?.atomic),
    row('write.ifAbsent', write?.ifAbsent),
    row('write.ifMatch', write?.ifMatch),
    row('write.unknownSize', write?.unknownSize),
    row('list', ops.list),
    row('list.recursive', list?.recursive),
    row('list.after', list?.after),
    row('list.ordered', list?.ordered),
    row('delete', ops.delete),
    row('delete.ifMatch', deletion?.ifMatch),
    ...operations.flatMap((name) => [
      row(name, ops[name]),
      ...(name === 'copy' ? [row('copy.ifAbsent', copy?.ifAbsent), row('copy.ifMatch', copy?.ifMatch)] : []),
      ...(name === 'move' ? [row('move.ifAbsent', move?.ifAbsent), row('move.ifMatch', move?.ifMatch)] : []),
    ]),
  ]
}

/** What has no yes and no: limits, and what a program may rely on. */
const scopes = { store: 'for every client', host: 'on this host', process: 'in one process' }

export function capabilityFacts(given: Capabilities): readonly (readonly [name: string, text: string])[] {
  const { write, keys, list, consistent, directories, etag } = given
  const facts: (readonly [string, string | undefined])[] = [
    ['etags', etag ?? 'none'],
    ['a write survives', write && (write.durable === 'power' ? 'a power cut' : 'the end of the process')],
    ['conditions hold', write?.conditionScope && scopes[write.conditionScope]],
    ['keeps', write && (write.attributes.join(', ') || 'no attributes')],
    ['metadata', write?.metadataMaxBytes === undefined ? undefined : `up to ${write.metadataMaxBytes} bytes`],
    ['largest object', write?.maxBytes === undefined ? undefined : `${write.maxBytes} bytes`],
    ['longest key', `${keys.maxBytes} bytes`],
    ['keys', keys.caseSensitive ? undefined : 'upper and lower case are one'],
    ['directories', directories],
    ['listing page', list && `up to ${list.pageMax} entries`],
    ['read after write', consistent.read ? 'sees it' : 'may miss it'],
  ]
  return facts.flatMap(([name, text]) => (text === undefined ? [] : [[name, text] as const]))
}

/** Where two differ: `write.ifAbsent: native → no`. */
export function capabilityChanges(declared: Capabilities, found: Capabilities): readonly string[] {
  const before = new Map(capabilityRows(declared).map(({ name, how }) => [name, how]))
  return capabilityRows(found).flatMap(({ name, how }) => {
    const was = before.get(name) ?? 'no'
    return was === how ? [] : [`${name}: ${was} → ${how}`]
  })
}
