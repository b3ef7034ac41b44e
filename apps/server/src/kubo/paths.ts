import { isCid } from '@kit/content'
import { storageError, type CallOptions, type Store } from '@kit/core'

/** A path as Kubo takes it (`CID`, `CID/name`, `/ipfs/CID/name`, `/ipns/NAME/name`) as one of content. @throws InvalidKey */
export async function contentPathOf(store: Store, given: string, call: CallOptions): Promise<string> {
  const path = given.replace(/\/+$/, '')
  if (!path.startsWith('/ipns/')) return path.replace(/^\/ipfs\//, '')
  const [name = '', ...names] = path.slice('/ipns/'.length).split('/')
  const { path: target } = await store.ipns.resolve(name, call)
  return [target.replace(/^\/ipfs\//, ''), ...names].join('/')
}

/** The CID at the end of a path. */
export async function cidAt(store: Store, given: string, call: CallOptions): Promise<string> {
  const path = await contentPathOf(store, given, call)
  if (isCid(path)) return path
  const { cid } = await store.content.stat(path, call)
  if (cid === undefined) throw storageError('Unsupported', 'the store tells no CIDs', { key: path })
  return cid
}
