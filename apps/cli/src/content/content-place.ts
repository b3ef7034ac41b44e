import { isCid } from '@kit/content'
import { storageError, type Operation, type Store } from '@kit/core'
import { parseAddress } from '../address.ts'
import { withHint } from '../outcome.ts'
import type { Session } from '../session.ts'
import { canonicalPath } from './content-view.ts'
import { openTree } from './embedded-store.ts'

/** Content of a store: what `NAME:/ipfs/CID/path`, `NAME:path`, `ipfs://CID` and `CID/path` name. */
export interface ContentPlace {
  readonly store: Store
  /** `CID` or `CID/path`. */
  readonly path: string
  /** `NAME:/ipfs/CID/path`. */
  readonly address: string
}

export interface ContentPlaceOptions {
  /** The store, where the address names none. */
  readonly store?: string | undefined
  readonly needs: readonly Operation[]
}

/**
 * What an address of content names. An object by its name is the content that it is now.
 * @throws InvalidConfig for what is no address of content, and where no store is named and none or several could be meant
 */
export async function contentPlace(
  session: Session,
  text: string,
  { store: wanted, needs }: ContentPlaceOptions,
): Promise<ContentPlace> {
  const { store, path } = named(text, wanted)
  const found = await session.configured(store, needs)
  const canonical = path ?? (await cidOfObject(session, text))
  return { store: found.store, path: canonical, address: `${found.name}:/ipfs/${canonical}` }
}

/** The CID that a place is. Blocks are read only where there is a path to walk. */
export async function cidAt({ call }: Session, { store, path }: ContentPlace): Promise<string> {
  if (!path.includes('/')) return path
  const { cid } = await store.content.stat(path, call)
  if (cid === undefined) throw storageError('Unexpected', 'the store tells no CID of content', { key: path })
  return cid
}

/** Where the address says what it names: without a path it is an object by its name. */
function named(
  text: string,
  wanted: string | undefined,
): { readonly store: string | undefined; readonly path: string | undefined } {
  const bare = /^\/?ipfs\/(.+)$/.exec(text)?.[1] ?? text
  if (isCid(bare.split('/', 1)[0] ?? '')) return { store: wanted, path: canonicalPath(bare.replace(/\/+$/, '')) }
  const address = parseAddress(text)
  if (address.kind !== 'content' && address.kind !== 'store') {
    const error = storageError('InvalidConfig', `${JSON.stringify(text)} names no content`)
    throw withHint(
      error,
      'Content is CID, CID/path, NAME:/ipfs/CID/path or NAME:path; `kit cid FILE` tells the CID of a file.',
    )
  }
  if (wanted !== undefined && address.store !== undefined && wanted !== address.store) {
    throw storageError('InvalidConfig', `--store ${wanted} and the store of ${text} are two`)
  }
  return {
    store: address.store ?? wanted,
    path: address.kind === 'content' ? canonicalPath(address.path) : undefined,
  }
}

async function cidOfObject(session: Session, text: string): Promise<string> {
  const { store, key } = await session.place(text)
  const { cid } = key === '' ? await wholeTree(session, text) : await store.stat(key, session.call)
  if (cid !== undefined) return cid
  const error = storageError('Unsupported', 'the store tells no CID of it', { store: store.name, key })
  throw withHint(error, '`kit cid` reads it and computes one; `kit add` puts it into a store that has content.')
}

/** The newest state of a whole tree, where the store has one. */
async function wholeTree(session: Session, text: string): Promise<{ readonly cid?: string }> {
  await using opened = await openTree(session, text, { write: false })
  const head = await opened.tree.head(session)
  if (head === undefined) throw storageError('NotFound', 'there is nothing in it yet', { store: opened.name })
  return { cid: head.root }
}
