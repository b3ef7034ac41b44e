import { storageError } from '@kit/core'

/** What a word of the command line names. */
export type Address =
  | { readonly kind: 'stream' }
  /** `name:path`, a configured store. */
  | { readonly kind: 'store'; readonly store: string; readonly path: string }
  /** `type://…`: the address of what holds the object, and the object's name in it. */
  | { readonly kind: 'inline'; readonly parent: string; readonly name: string }
  | { readonly kind: 'local'; readonly path: string }
  /** `name:/ipfs/CID/…`, or `ipfs://CID/…` of whichever store has content: `CID` or `CID/path`. */
  | { readonly kind: 'content'; readonly store: string | undefined; readonly path: string }

/** Reads an address. `./a:b` is a file whose name has a colon. @throws InvalidConfig, InvalidKey */
export function parseAddress(text: string): Address {
  if (text === '') throw storageError('InvalidConfig', 'an address is empty')
  if (text === '-') return { kind: 'stream' }
  if (/^ipfs:\/\//i.test(text)) return { kind: 'content', store: undefined, path: decoded(text.slice(7)) }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return inline(text)
  if (process.platform === 'win32' && /^[a-z]:[\\/]/i.test(text)) return { kind: 'local', path: text }
  const named = /^([A-Za-z0-9_][A-Za-z0-9_.-]*):([^]*)$/.exec(text)
  if (named === null) return { kind: 'local', path: text }
  const [, store = '', path = ''] = named
  // No key begins with a slash.
  if (path === '/ipfs' || path.startsWith('/ipfs/'))
    return { kind: 'content', store, path: withoutSlash(path.slice(6)) }
  return { kind: 'store', store, path: withoutSlash(path) }
}

/** Ends in a slash, or names a whole store: meant as a directory. */
export function isDirectoryText(text: string): boolean {
  return /[:/]$/.test(text)
}

function withoutSlash(path: string): string {
  return path.replace(/\/+$/, '')
}

function inline(text: string): Address {
  let url: URL
  try {
    url = new URL(text)
  } catch (error) {
    throw storageError('InvalidConfig', `${JSON.stringify(text)} is no address of the form type://…`, { cause: error })
  }
  const path = withoutSlash(url.pathname)
  const cut = path.lastIndexOf('/')
  if (cut === -1) return { kind: 'inline', parent: text, name: '' }
  const name = path.slice(cut + 1)
  url.pathname = path.slice(0, cut) || '/'
  return { kind: 'inline', parent: url.href, name: decoded(name) }
}

function decoded(text: string): string {
  try {
    return withoutSlash(decodeURIComponent(text))
  } catch (error) {
    throw storageError('InvalidKey', `${JSON.stringify(text)} is not percent-encoded UTF-8`, { cause: error })
  }
}
