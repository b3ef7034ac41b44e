/** A store as a token with a part of it has it: no key leads through a link, which might lead out of the part. */
import { errorCode, type CallOptions, type Listing, type Store } from '@kit/core'
import type { Access } from './access.ts'
import { hasAll, leadsOut } from './links.ts'

/** What a call does with the key that it names. Reading would follow a link; a change is of the link itself. */
type Use = 'follows' | 'changes'

const keyed: Readonly<Record<string, Use>> = {
  stat: 'changes',
  read: 'follows',
  write: 'changes',
  delete: 'changes',
  append: 'follows',
  update: 'follows',
  url: 'follows',
  open: 'follows',
}
const listed: readonly string[] = ['list', 'versions']
/** Both ends are keys. */
const paired: readonly string[] = ['copy', 'move']
/** Methods of these take a key, or a token that holds one. */
const groups: readonly string[] = ['upload', 'directories', 'links']
/** What names no key. */
const keyless: readonly string[] = ['can', 'usage', 'ping']

type Method = (...words: unknown[]) => unknown

/** The store itself where the token has all of it, or it knows no links. */
export function straightStore(store: Store, access: Access, name: string): Store {
  if (hasAll(access, name) || !store.can('links')) return store
  const check = (key: string, use: Use, words: readonly unknown[]): Promise<void> =>
    requireStraight(store, access, name, key, use, { ...callOf(words), version: versionOf(words) })

  const first =
    (use: Use, of: object, method: Method): Method =>
    (...words) => {
      const key = keyIn(words[0])
      // What takes no key may be a listing, which is no promise.
      if (key === undefined) return method.apply(of, words)
      return check(key, use, words).then(() => method.apply(of, words))
    }
  async function* deleteMany(keys: Iterable<string>, words: readonly unknown[]): ReturnType<Store['deleteMany']> {
    const straight: string[] = []
    for (const key of keys) {
      try {
        await check(key, 'changes', words)
        straight.push(key)
      } catch (error) {
        yield { key, error }
      }
    }
    yield* store.deleteMany(straight, callOf(words))
  }
  return new Proxy(store, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target)
      if (typeof property !== 'string') return value
      if (groups.includes(property) && typeof value === 'object' && value !== null) {
        return new Proxy(value, {
          get: (group, method) => {
            const called: unknown = Reflect.get(group, method, group)
            return isMethod(called) ? first('changes', group, called) : called
          },
        })
      }
      if (!isMethod(value)) return value
      const use = keyed[property]
      if (use !== undefined) return first(use, target, value)
      if (listed.includes(property)) {
        return (...words: unknown[]) =>
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what `list` and `versions` give
          checkedListing(value.apply(target, words) as Listing, () => check(keyIn(words[0]) ?? '', 'follows', words))
      }
      if (paired.includes(property)) {
        return async (...words: unknown[]) => {
          await check(keyIn(words[0]) ?? '', 'follows', words)
          await check(keyIn(words[1]) ?? '', 'changes', words)
          return value.apply(target, words)
        }
      }
      if (property === 'deleteMany') return (keys: Iterable<string>, ...words: unknown[]) => deleteMany(keys, words)
      if (keyless.includes(property)) return value.bind(target)
      return () => {
        throw leadsOut()
      }
    },
  })
}

/** @throws PermissionDenied where a part of the way, or what is read at its end, is a link */
async function requireStraight(
  store: Store,
  access: Access,
  name: string,
  key: string,
  use: Use,
  { version, ...call }: CallOptions & { readonly version: string | undefined },
): Promise<void> {
  // A kept version may be a link where there is a file now.
  if (version !== undefined && use === 'follows' && (await kindOf(store, key, { ...call, version })) === 'link') {
    throw leadsOut()
  }
  const segments = key.split('/')
  for (let length = 1; length <= segments.length; length++) {
    const part = segments.slice(0, length).join('/')
    // The directory that the token was given is what it is; only what lies below it might lead away.
    if (!access.visible(name, part)) continue
    if (length === segments.length && use === 'changes') return
    const kind = await kindOf(store, part, call)
    if (kind === 'link') throw leadsOut()
    if (kind === undefined) return
  }
}

async function kindOf(
  store: Store,
  key: string,
  call: CallOptions & { readonly version?: string | undefined },
): Promise<string | undefined> {
  try {
    return (await store.stat(key, call)).kind
  } catch (error) {
    const code = errorCode(error)
    if (code === 'NotFound' || code === 'NotDirectory') return undefined
    throw error
  }
}

function checkedListing(listing: Listing, check: () => Promise<void>): Listing {
  return {
    async *[Symbol.asyncIterator]() {
      await check()
      yield* listing
    },
    async *pages() {
      await check()
      yield* listing.pages()
    },
  }
}

function isMethod(value: unknown): value is Method {
  return typeof value === 'function'
}

/** A key, or that of an upload's token. */
function keyIn(word: unknown): string | undefined {
  if (typeof word === 'string') return word
  const { key } = typeof word === 'object' && word !== null && 'key' in word ? word : { key: undefined }
  return typeof key === 'string' ? key : undefined
}

function versionOf(words: readonly unknown[]): string | undefined {
  const version: unknown = Reflect.get(Object(words.at(-1)), 'version')
  return typeof version === 'string' ? version : undefined
}

function callOf(words: readonly unknown[]): CallOptions {
  const last = words.at(-1)
  if (typeof last !== 'object' || last === null || !('signal' in last)) return {}
  return last.signal instanceof AbortSignal ? { signal: last.signal } : {}
}
