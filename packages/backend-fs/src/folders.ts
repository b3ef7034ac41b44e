/**
 * The directories of a store, such that nothing done to the tree meanwhile leads out of it. `open-folders.ts` holds them by descriptor, where
 * the system shows where a descriptor points; `checked-folders.ts` checks their paths before and after, elsewhere.
 */
import { bytesFromName } from '@kit/core'
import type { FilePath } from './fs-client.ts'

/** A directory below the root, held until it is released. */
export interface Folder {
  /** Its true key: no segment is a link. */
  readonly key: string
  /** Path of a name in it. */
  at(name: string): FilePath
  /** Path of itself. */
  readonly path: FilePath
}

export interface KnownFolder extends Folder {
  plain(name: string): FilePath
}

/** One that is still where its key says only if `link` shows `place`, each byte one character. The root has no such link. */
export interface PlacedFolder extends Folder {
  readonly link: string | undefined
  readonly place: string
}

export interface Folders {
  /** The directory when it is open already: the quick way. */
  held(key: string): Folder | undefined
  /** The same, where it is left to the caller to look whether it is still in its place. */
  kept(key: string): PlacedFolder | undefined
  /** Follows links that stay below the root. @throws ENOENT and ENOTDIR as the system gives them, PermissionDenied */
  open(key: string): Promise<Folder>
  /** As open, but not kept for later, and no link is followed: ENOENT. For walks through the tree. */
  visit(key: string): Promise<Folder>
  /** As visit, without leaving the thread. For watches, which must not miss what happens while they are set. */
  visitNow(key: string): Folder
  /**
   * The directory when its whole way is known, unchecked: `plain` is its usual path, the quickest, and what was seen by it counts only if
   * `confirm` says afterwards that nothing on the way has changed.
   */
  known(key: string): KnownFolder | undefined
  confirm(folder: KnownFolder): boolean
  release(folder: Folder): void
  /** @throws PermissionDenied when the directory was swapped meanwhile and the system does not allow to prevent it. */
  recheck(folder: Folder): Promise<void> | undefined
  /** A descriptor for reading what a link points to. @throws PermissionDenied where that lies outside */
  follow(folder: Folder, name: string): Promise<number>
  close(): void
}

/** Folder of a store's own files: never listed, never a key. */
export const reserved = '.kit'

export function isReserved(key: string): boolean {
  return key === reserved || key.startsWith(`${reserved}/`)
}

/** Directory and name of a key below the root. */
export function split(key: string): readonly [directory: string, name: string] {
  const slash = key.lastIndexOf('/')
  return slash < 0 ? ['', key] : [key.slice(0, slash), key.slice(slash + 1)]
}

/** A path with a raw name at its end: text where it is UTF-8, else bytes. */
export function pathOf(text: string): FilePath {
  return text.isWellFormed() ? text : Buffer.from(bytesFromName(text))
}

/** A missing directory, as the system would say it. */
export function missing(): Error {
  return Object.assign(new Error('ENOENT: no such directory'), { code: 'ENOENT' })
}
