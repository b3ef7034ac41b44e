import type { Capabilities, Operation } from '@kit/core'
import type { Subject } from './subject.ts'

/** What a store declares or a subject provides, besides operations. */
type Property =
  | 'etag'
  | 'strong etag'
  | 'read.ifMatch'
  | 'read.ifNoneMatch'
  | 'read.version'
  | 'write.atomic'
  | 'write.ifAbsent'
  | 'write.ifMatch'
  | 'write.metadata'
  | 'write.metadataMaxBytes'
  | 'write.contentType'
  | 'write.checks'
  | 'small write.maxBytes'
  | 'delete.ifMatch'
  | 'copy conditions'
  | 'move conditions'
  | 'list.cursor'
  | 'upload.list'
  | 'real directories'
  | 'directories by themselves'
  | 'implied directories'
  | 'file and prefix'
  | 'no file and prefix'
  | 'consistent.read'
  | 'consistent.list'
  | 'objects to read'
  | 'a store of its own'
  | 'a shared store'
  | 'subject.handles'
  | 'subject.outOfProcess'
  | 'subject.leftovers'
  | 'subject.openBackend'
  | 'subject.fault'
  | 'subject.plugin'
  | 'subject.manifest'

/** One thing that a case needs, in words that a runner can print. */
export type Need = Operation | Property

const properties: { readonly [Name in Property]: (capabilities: Capabilities, subject: Subject) => boolean } = {
  etag: ({ etag }) => etag !== undefined,
  'strong etag': ({ etag }) => etag === 'strong',
  'read.ifMatch': ({ read }) => read.ifMatch !== undefined,
  'read.ifNoneMatch': ({ read }) => read.ifNoneMatch !== undefined,
  'read.version': ({ read }) => read.version !== undefined,
  'write.atomic': ({ write }) => write?.atomic !== undefined,
  'write.ifAbsent': ({ write }) => write?.ifAbsent !== undefined,
  'write.ifMatch': ({ write }) => write?.ifMatch !== undefined,
  'write.metadata': ({ write }) => write?.attributes.includes('metadata') === true,
  'write.metadataMaxBytes': ({ write }) => write?.metadataMaxBytes !== undefined,
  'write.contentType': ({ write }) => write?.attributes.includes('contentType') === true,
  'write.checks': ({ write }) => (write?.checks?.length ?? 0) > 0,
  'small write.maxBytes': ({ write }) => (write?.maxBytes ?? Infinity) <= 64 * 2 ** 20,
  'delete.ifMatch': (capabilities) => capabilities.delete?.ifMatch !== undefined,
  'copy conditions': ({ copy }) =>
    copy?.ifAbsent !== undefined && copy.ifMatch !== undefined && copy.fromEtag !== undefined,
  'move conditions': ({ move }) => move?.ifAbsent !== undefined && move.ifMatch !== undefined,
  'upload.list': ({ upload }) => upload?.list === true,
  'list.cursor': ({ list }) => list?.cursor === true,
  'real directories': ({ directories }) => directories === 'real',
  'directories by themselves': ({ directories }) => directories !== 'implied',
  'implied directories': ({ directories }) => directories === 'implied',
  'file and prefix': ({ keys }) => keys.fileAndPrefix === true,
  'no file and prefix': ({ keys }) => keys.fileAndPrefix !== true,
  'consistent.read': ({ consistent }) => consistent.read,
  'consistent.list': ({ consistent }) => consistent.list,
  'objects to read': ({ ops }, subject) => ops.write !== undefined || subject.seed !== undefined,
  'a store of its own': (_, subject) => subject.shared !== true,
  'a shared store': (_, subject) => subject.shared === true,
  'subject.outOfProcess': (_, subject) => subject.inProcess !== true,
  'subject.handles': (_, subject) => subject.handles !== undefined,
  'subject.leftovers': (_, subject) => subject.leftovers !== undefined,
  'subject.openBackend': (_, subject) => subject.openBackend !== undefined,
  'subject.fault': (_, subject) => subject.fault !== undefined,
  'subject.plugin': (_, subject) => subject.plugin !== undefined,
  'subject.manifest': (_, subject) => subject.manifest !== undefined,
}

function isProperty(need: Need): need is Property {
  return Object.hasOwn(properties, need)
}

/** The first need that is not met. */
export function unmet(needs: readonly Need[], capabilities: Capabilities, subject: Subject): Need | undefined {
  return needs.find((need) =>
    isProperty(need) ? !properties[need](capabilities, subject) : capabilities.ops[need] === undefined,
  )
}
