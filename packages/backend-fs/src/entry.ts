import { nameFromBytes, storageError, type Entry, type Etag, type ReadConditions } from '@kit/core'
import type { Stats } from './fs-client.ts'

/** What an entry tells of a file. */
export type Facts = Pick<Stats, 'ino' | 'size' | 'mtimeMs' | 'ctimeMs' | 'mode'>

const typeMask = 0o170000
const types = { directory: 0o040000, file: 0o100000, link: 0o120000 } as const

/** `undefined` for sockets, pipes and devices. */
export function kindOf(stats: Pick<Stats, 'mode'>): Entry['kind'] | undefined {
  const type = stats.mode & typeMask
  if (type === types.file) return 'file'
  if (type === types.directory) return 'directory'
  return type === types.link ? 'link' : undefined
}

/**
 * Strong: every write through Kit gives a file a modification time that no other write of the process has given, and the time of the
 * last change of any kind, which nobody can set, is part of it too. Inode numbers alone come back within two writes. The times are
 * milliseconds, as exact as a double has them: to a quarter of a microsecond.
 */
export function etagOf({ ino, size, mtimeMs, ctimeMs }: Facts): Etag {
  return `"${ino}-${size}-${mtimeMs}-${ctimeMs}"`
}

export function entryOf(key: string, stats: Facts, target?: Buffer): Entry {
  const kind = kindOf(stats)
  if (kind === undefined) throw special()
  const { size } = stats
  const modified = new Date(Math.floor(stats.mtimeMs))
  const mode = stats.mode & 0o7777
  if (kind === 'file') return { kind, key, size, etag: etagOf(stats), modified, mode }
  if (kind === 'directory') return { kind, key, modified, mode }
  return { kind, key, size, etag: etagOf(stats), modified, target: nameFromBytes(target ?? noName) }
}

const noName = new Uint8Array()

export function special(): Error {
  return storageError('Unsupported', 'it is neither file, directory nor link')
}

/** @throws ConditionFailed, NotModified */
export function checkRead(etag: Etag | undefined, { ifMatch, ifNoneMatch }: ReadConditions): void {
  if (ifMatch !== undefined && ifMatch !== etag) throw changed(etag, ifMatch)
  if (ifNoneMatch !== undefined && ifNoneMatch === etag) {
    throw storageError('NotModified', `the etag is still ${etag}`)
  }
}

export function changed(etag: Etag | undefined, wanted: Etag): Error {
  return storageError('ConditionFailed', etag === undefined ? 'there is nothing' : `the etag is ${etag}, not ${wanted}`)
}
