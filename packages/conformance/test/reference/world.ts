import { createHash } from 'node:crypto'
import { storageError, type Attributes, type Bytes, type Context, type Entry, type ReadConditions } from '@kit/core'
import type { Pin, UploadToken, WriteConditions, WriteOptions } from '@kit/core'
import type { Fault } from '../../src/index.ts'

export interface FileNode {
  readonly kind: 'file'
  readonly entry: Entry & { readonly size: number; readonly etag: string; readonly version: string }
  readonly bytes: Bytes
}
export type Node = FileNode | { readonly kind: 'directory' } | { readonly kind: 'link'; readonly target: string }

export interface Started {
  readonly key: string
  readonly options: WriteOptions & { readonly size?: number | undefined }
  readonly partBytes: number
  readonly parts: Map<number, Bytes>
}

/** All that several instances of the reference backend share: what a server or a disk would be. */
export class World {
  readonly realDirectories: boolean
  nodes = new Map<string, Node>()
  readonly versions = new Map<string, FileNode[]>()
  readonly uploads = new Map<string, Started>()
  readonly blocks = new Map<string, Bytes>()
  readonly pins = new Map<string, Pin>()
  readonly temporaries = new Set<string>()
  readonly changed: string[] = []
  readonly listeners = new Set<() => void>()
  fault: Fault | undefined
  openBodies = 0
  requests = 0
  #states = 0

  constructor(realDirectories: boolean) {
    this.realDirectories = realDirectories
  }

  /** One call has reached the store. */
  request({ signal }: Context): void {
    this.requests++
    if (signal.aborted) throw signal.reason
    if (this.fault?.kind === 'offline') throw storageError('Unavailable', 'connection refused')
    if (this.fault?.kind === 'busy') throw storageError('RateLimited', 'slow down')
    if (this.fault?.kind === 'denied') throw storageError('PermissionDenied', 'you may not')
  }

  file(key: string, { ifMatch, ifNoneMatch, version }: ReadConditions = {}): FileNode {
    const found = this.nodes.get(key)
    if (found?.kind === 'directory' || (key === '' && this.realDirectories))
      throw storageError('IsDirectory', 'a directory')
    if (found?.kind === 'link') return this.file(this.#target(key, found.target))
    if (version !== undefined) {
      const kept = this.versions.get(key)?.find(({ entry }) => entry.version === version)
      if (kept === undefined) throw storageError('NotFound', 'no such version')
      return kept
    }
    if (found === undefined) throw storageError('NotFound', 'no such object')
    if (ifMatch !== undefined && found.entry.etag !== ifMatch) throw storageError('ConditionFailed', 'changed')
    if (ifNoneMatch === found.entry.etag) throw storageError('NotModified', 'not changed')
    return found
  }

  #target(key: string, target: string, depth = 0): string {
    const path = target.startsWith('/') ? [] : key.split('/').slice(0, -1)
    for (const segment of target.split('/')) {
      if (segment === '..') {
        if (path.length === 0) throw storageError('PermissionDenied', 'the link leaves the store')
        path.pop()
      } else if (segment !== '.' && segment !== '') path.push(segment)
    }
    const name = path.join('/')
    const next = this.nodes.get(name)
    if (next?.kind !== 'link') return name
    if (depth > 8) throw storageError('NotFound', 'links in a circle')
    return this.#target(name, next.target, depth + 1)
  }

  /** The file that a change would replace. */
  check(key: string, { ifAbsent, ifMatch }: WriteConditions): FileNode | undefined {
    const found = this.nodes.get(key)
    if (found?.kind === 'directory' || key === '') throw storageError('IsDirectory', 'a directory')
    this.parents(key)
    if (ifAbsent === true && found !== undefined) throw storageError('AlreadyExists', 'there already')
    const file = found?.kind === 'file' ? found : undefined
    if (ifMatch !== undefined && file?.entry.etag !== ifMatch) throw storageError('ConditionFailed', 'changed')
    return file
  }

  /** Names of the directories above. */
  parents(key: string): string[] {
    if (!this.realDirectories) return []
    const names = [...key.matchAll(/\//g)].map(({ index }) => key.slice(0, index))
    for (const name of names) {
      const kind = this.nodes.get(name)?.kind
      if (kind !== undefined && kind !== 'directory') throw storageError('NotDirectory', `${name} is a ${kind}`)
    }
    return names
  }

  put(key: string, bytes: Bytes, options: WriteOptions): Entry {
    this.check(key, options)
    for (const [name, value] of Object.entries(options.hashes ?? {})) {
      if (createHash(name).update(bytes).digest('hex') !== value) throw storageError('Corrupt', `the ${name} differs`)
    }
    for (const name of this.parents(key)) this.nodes.set(name, { kind: 'directory' })
    const state = `${++this.#states}`
    const { ifAbsent: _absent, ifMatch: _match, hashes: _hashes, metadata, modified, ...rest } = options
    const own: Attributes = {
      ...rest,
      modified: new Date(modified ?? Date.now()),
      ...(metadata && { metadata: { ...metadata } }),
    }
    const entry = {
      ...own,
      kind: 'file' as const,
      key,
      size: bytes.byteLength,
      etag: `"e${state}"`,
      version: `v${state}`,
    }
    const node: FileNode = { kind: 'file', entry, bytes }
    this.nodes.set(key, node)
    this.versions.set(key, [node, ...(this.versions.get(key) ?? [])])
    this.tell(key)
    return entry
  }

  /** The same bytes and attributes under a name. */
  again({ entry, bytes }: FileNode, key: string, options: WriteOptions): Entry {
    const { contentType, contentEncoding, contentDisposition, cacheControl, metadata, modified, mode } = entry
    const attributes = { contentType, contentEncoding, contentDisposition, cacheControl, metadata, modified, mode }
    return this.put(key, bytes, { ...attributes, ...options })
  }

  remove(key: string, conditions: WriteConditions): void {
    if (this.nodes.get(key)?.kind !== 'link') this.check(key, conditions)
    if (this.nodes.delete(key)) this.tell(key)
  }

  tell(key: string): void {
    this.changed.push(key)
    for (const wake of this.listeners) wake()
  }

  entry(key: string): Entry {
    const found = this.nodes.get(key)
    if (found?.kind === 'file') return found.entry
    if (found?.kind === 'link') return { kind: 'link', key, target: found.target }
    if (found?.kind === 'directory' || (key === '' && this.realDirectories)) return { kind: 'directory', key }
    throw storageError('NotFound', 'no such object')
  }

  token(token: UploadToken): Started {
    const started = this.uploads.get(String(token.state))
    if (started === undefined || typeof token.state !== 'string' || token.key !== started.key)
      throw storageError('NotFound', 'no such upload')
    return started
  }
}

export function join(chunks: readonly Uint8Array[]): Bytes {
  return new Uint8Array(Buffer.concat(chunks))
}
