import { realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import {
  isStorageError,
  keyBelow,
  keyCodec,
  openStore,
  parseKey,
  storageError,
  type CallOptions,
  type Key,
  type OpenOptions,
  type Operation,
  type Store,
  type StoreEntry,
} from '@kit/core'
import { temporaryFiles } from '@kit/core/node'
import type { Kit } from '@kit/manager'
import { parseAddress } from './address.ts'
import { openConfigured } from './configured-kit.ts'
import { followLocal, localItself, localPath, type LocalFile } from './local-files.ts'
import { exitCodes } from './exit-codes.ts'
import { withExit, withHint } from './outcome.ts'
import type { Output } from './output.ts'

/** Options of every command. */
export interface Globals {
  readonly config?: string
  readonly json?: boolean
  readonly verbose?: boolean
  readonly quiet?: boolean
  readonly progress?: boolean
}

/** An object or directory that an address names. */
export interface Place {
  readonly store: Store
  /** `''` for the whole store. */
  readonly key: Key
  /** What the whole store is called where it is copied under its own name. */
  readonly rootName: string
  /** The address of any object of the same store. */
  addressOf(key: string): string
  /** Where the whole store lies on this machine, links followed, if it does and that is known. */
  readonly folder?: string | undefined
}

/** What a command works with; closing it closes every store that it opened. */
export interface Session {
  readonly output: Output
  readonly verbose: boolean
  /** Nothing but errors for people. */
  readonly quiet: boolean
  /** Progress is told where nobody looks, too. */
  readonly progress: boolean
  readonly signal: AbortSignal
  /** For every call of a store: cancelled with the command, and one id for all. */
  readonly call: CallOptions
  /** What an address names. Links of local files are followed unless `itself`. @throws InvalidConfig for `-` */
  place(text: string, options?: { readonly itself?: boolean }): Promise<Place>
  /**
   * The configured store of this name; without a name, the only one whose type can do all of `needs`.
   * @throws InvalidConfig where there is none, or more than one
   */
  configured(name: string | undefined, needs: readonly Operation[]): Promise<NamedStore>
  /** The configuration that the stores come from. */
  configuration(): Promise<Kit>
  close(): Promise<void>
}

export interface NamedStore {
  readonly name: string
  readonly store: Store
}

export function openSession(globals: Globals, output: Output, signal: AbortSignal, requestId: string): Session {
  const verbose = globals.verbose === true
  const log: OpenOptions['log'] = verbose
    ? (level, message, fields) =>
        output.tell(`${level}: ${message}${fields === undefined ? '' : ` ${inspect(fields)}`}\n`)
    : undefined
  const folders = new Map<string, Promise<Store>>()
  const views = new Map<Store, Promise<Store>>()
  let kit: Promise<Kit> | undefined
  const configuration = (): Promise<Kit> => (kit ??= openConfigured(globals, { log }))

  async function configured(name: string | undefined, needs: readonly Operation[]): Promise<NamedStore> {
    const all = await configuration()
    const chosen = name ?? (await onlyStore(all, needs))
    return { name: chosen, store: await configuredStore(all, chosen) }
  }

  async function contentPlace(named: string | undefined, path: string): Promise<Place> {
    const { name, store } = await configured(named, ['content'])
    const { canonicalPath, contentView } = await import('./content/content-view.ts')
    const key = parseKey(canonicalPath(path))
    const view = views.get(store) ?? contentView(store)
    views.set(store, view)
    return { store: await view, key, rootName: '', addressOf: (key) => `${name}:/ipfs/${key}` }
  }

  function localStore(root: string): Promise<Store> {
    const present = folders.get(root)
    if (present !== undefined) return present
    const opening = import('@kit/backend-fs').then(({ fs }) =>
      openStore(fs({ path: root, create: false }), { name: root, log, spill: temporaryFiles() }),
    )
    folders.set(root, opening)
    return opening
  }

  async function localPlace({ root, name }: LocalFile): Promise<Place> {
    const store = await localStore(root)
    const codec = keyCodec(store.capabilities.keys)
    const key = parseKey(name === '' ? '' : codec.toKey(name))
    return {
      store,
      key,
      rootName: basename(root),
      folder: root,
      addressOf: (key) => localPath(root, codec.toRaw(parseKey(key))),
    }
  }

  return {
    output,
    verbose,
    quiet: globals.quiet === true,
    progress: globals.progress === true,
    signal,
    call: { signal, requestId },
    async place(text, { itself = false } = {}) {
      const address = parseAddress(text)
      switch (address.kind) {
        case 'stream':
          throw storageError('InvalidConfig', '`-` is for cp: `kit cp - DST`, `kit cp SRC -`')
        case 'local':
          return localPlace(await (itself ? localItself(address.path) : followLocal(address.path)))
        case 'store': {
          const { name, store } = await configured(address.store, [])
          const folder = await folderOf(await configuration(), name)
          return { store, key: parseKey(address.path), rootName: name, folder, addressOf: (key) => `${name}:${key}` }
        }
        case 'content':
          return contentPlace(address.store, address.path)
        case 'inline': {
          const store = await (await configuration()).address(address.parent)
          return {
            store,
            key: parseKey(address.name),
            rootName: '',
            folder: address.parent.startsWith('file:') ? await realFolder(fileURLToPath(address.parent)) : undefined,
            addressOf: (key) => inlineAddress(address.parent, key),
          }
        }
      }
    },
    configured,
    configuration,
    async close() {
      const opened = await Promise.allSettled([...views.values(), ...folders.values()])
      for (const store of opened) if (store.status === 'fulfilled') await store.value.close()
      const [configured] = await Promise.allSettled([kit])
      if (configured.status === 'fulfilled') await configured.value?.close()
    },
  }
}

/** Whether one place lies in the other or is the other; stores in folders can be known under several names. */
export function covers(outer: Place, inner: Place): boolean {
  if (outer.store === inner.store) return keyBelow(outer.key, inner.key) !== undefined || outer.key === inner.key
  if (outer.folder === undefined || inner.folder === undefined) return false
  const [one, other] = [join(outer.folder, outer.key), join(inner.folder, inner.key)]
  return one === other || other.startsWith(one.endsWith(sep) ? one : `${one}${sep}`)
}

/** @throws NotFound, exit code 3, where nothing is; NotDirectory where it is no directory */
export async function requireDirectory(session: Session, place: Place): Promise<void> {
  const kind = await requireThere(session, place)
  if (kind === 'directory') return
  throw storageError('NotDirectory', 'it is no directory', { store: place.store.name, key: place.key })
}

/** What kind of thing is at a place. @throws NotFound, exit code 3 */
export async function requireThere({ call }: Session, { store, key }: Place): Promise<StoreEntry['kind']> {
  try {
    return key === '' ? 'directory' : (await store.stat(key, { ...call, implied: true })).kind
  } catch (error) {
    if (!isStorageError(error) || error.code !== 'NotFound') throw error
    throw withExit(error, exitCodes.noDirectory.code)
  }
}

/** The folder of a configured store that is one, as it is written in the file. */
async function folderOf(kit: Kit, name: string): Promise<string | undefined> {
  const { type, options } = await kit.describe(name)
  const { path } = options
  if (type !== 'fs' || typeof path !== 'string') return undefined
  const written = path.replaceAll(/\$\{(\w+)\}/g, (whole, variable: string) => process.env[variable] ?? whole)
  return written.includes('${') ? undefined : realFolder(resolve(dirname(kit.path), written))
}

async function realFolder(path: string): Promise<string> {
  return realpath(path).catch(() => path)
}

function inlineAddress(parent: string, key: string): string {
  const url = new URL(parent)
  url.pathname = `${url.pathname.replace(/\/*$/, '')}/${key.split('/').map(encodeURIComponent).join('/')}`
  return url.href
}

/** The name of the one store whose type can do all that is needed. @throws InvalidConfig */
async function onlyStore(kit: Kit, needs: readonly Operation[]): Promise<string> {
  const able: string[] = []
  for (const { name } of kit.stores) {
    const { capabilities } = await kit.describe(name)
    if (capabilities !== undefined && needs.every((need) => capabilities.ops[need] !== undefined)) able.push(name)
  }
  const [only, second] = able
  if (only !== undefined && second === undefined) return only
  const what = `${needs.join(' and ')} in ${kit.path}`
  if (only === undefined) {
    const error = storageError('InvalidConfig', `no store can do ${what}`)
    throw withHint(error, '`kit store add NAME content --set path=./FOLDER` makes one that needs nothing installed.')
  }
  const error = storageError('InvalidConfig', `several stores can do ${what}: ${able.join(', ')}`)
  throw withHint(error, 'Say which with --store NAME, or in the address: NAME:/ipfs/CID.')
}

async function configuredStore(kit: Kit, name: string): Promise<Store> {
  try {
    return await kit.store(name)
  } catch (error) {
    if (!isStorageError(error) || error.code !== 'NotFound') throw error
    withExit(error, exitCodes.noDirectory.code)
    throw withHint(error, `Stores stand under \`stores:\` in ${kit.path}; a local file is written ./${name}:…`)
  }
}
