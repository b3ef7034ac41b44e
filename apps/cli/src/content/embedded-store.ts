import { stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { contentOf, type Commit, type Paths } from '@kit/content'
import {
  errorCode,
  parseKey,
  requireOptions,
  storageError,
  type AnyPlugin,
  type Backend,
  type Context,
  type Entry,
} from '@kit/core'
import type { Kit } from '@kit/manager'
import { parseAddress } from '../address.ts'
import { exitCodes } from '../exit-codes.ts'
import { withExit, withHint } from '../outcome.ts'
import type { Session } from '../session.ts'

/** The history of a versioned tree, which no operation of a `Store` shows. */
export type Tree = Pick<Paths, 'head' | 'history' | 'diff' | 'restore'> & Backend

/** An embedded content store of the configuration. */
export interface EmbeddedStore {
  readonly plugin: AnyPlugin
  /** Its folder. */
  readonly path: string
  /** As the configuration says them. */
  readonly options: Readonly<Record<string, unknown>>
}

/** The embedded content store of a name; `undefined` for a store of another type. */
export async function embeddedStore(kit: Kit, name: string): Promise<EmbeddedStore | undefined> {
  const { type, options } = await kit.describe(name)
  const plugin = await kit.plugin(type)
  if (plugin.type !== 'content') return undefined
  const known = Object.fromEntries(Object.entries(options).map(([key, value]) => [key, substituted(value)]))
  const { path } = known
  if (typeof path !== 'string') return undefined
  return { plugin, path: resolve(dirname(kit.path), path), options: known }
}

export interface OpenTree extends AsyncDisposable {
  readonly tree: Tree
  /** Of the store. */
  readonly name: string
  /** `''` for the whole tree. */
  readonly path: string
  /** What the path was in a commit; `undefined` where nothing was. */
  at(commit: Commit): Promise<Entry | undefined>
}

/**
 * The tree of the store that an address names, for its history. Without `write` it follows what another process may be writing.
 * @throws Unsupported for a store that keeps no versions of its tree
 */
export async function openTree(
  session: Session,
  target: string,
  { write }: { readonly write: boolean },
): Promise<OpenTree> {
  const address = parseAddress(target)
  if (address.kind !== 'store') {
    const error = storageError('InvalidConfig', `${JSON.stringify(target)} is nothing that has versions`)
    throw withHint(error, 'Name an object, a folder or all of a store: NAME:path, NAME:.')
  }
  const { store: name, path } = address
  // Whatever is wrong with the store is told in the words of its configuration; nothing is opened by it.
  await session.configured(name, [])
  const found = await embeddedStore(await session.configuration(), name)
  if (found === undefined) throw noHistory(name)
  const options = requireOptions(found.plugin, {
    ...found.options,
    path: write ? found.path : await madeFolder(name, found.path),
    ...(write ? {} : { readOnly: true, create: false }),
  })
  const backend = await found.plugin.open(options, { name, over: [], secret: () => Promise.reject(noHistory(name)) })
  if (!hasHistory(backend)) throw noHistory(name)
  const context: Context = {
    signal: session.signal,
    requestId: session.call.requestId ?? '',
    attempt: 1,
    log: () => undefined,
  }
  const content = contentOf({ get: async (cid) => (await backend.blocks?.get(context, cid)) ?? missing(cid) })
  return {
    tree: backend,
    name,
    path: parseKey(path),
    async at({ root }) {
      try {
        return await content.stat(path === '' ? root : `${root}/${path}`, context)
      } catch (error) {
        const code = errorCode(error)
        if (code === 'NotFound' || code === 'NotDirectory') return undefined
        throw error
      }
    },
    async [Symbol.asyncDispose]() {
      await backend.close?.()
    },
  }
}

/** Whether a path is, or lies in, another; `''` holds everything. */
export function isWithin(path: string, outer: string): boolean {
  return outer === '' || path === outer || path.startsWith(`${outer}/`)
}

function missing(cid: string): never {
  throw storageError('NotFound', `the block ${cid} is not there`)
}

/** The folder, if it is there. @throws NotFound, exit code 3 */
export async function madeFolder(name: string, path: string): Promise<string> {
  try {
    await stat(path)
    return path
  } catch (cause) {
    const error = storageError('NotFound', `nothing was ever put into it: there is no folder ${path}`, {
      store: name,
      cause,
    })
    throw withHint(
      withExit(error, exitCodes.noDirectory.code),
      'The first write makes it. `kit store info` tells its path.',
    )
  }
}

function hasHistory(backend: Backend): backend is Tree {
  return ['head', 'history', 'diff', 'restore'].every((member) => typeof Reflect.get(backend, member) === 'function')
}

function noHistory(name: string): Error {
  const error = storageError('Unsupported', 'the store keeps no versions of its tree', { store: name })
  return withHint(error, 'A store of type content keeps them.')
}

/** As the configuration reads its values. */
function substituted(value: unknown): unknown {
  if (typeof value !== 'string') return value
  return value.replaceAll(/\$?\$\{(\w+)\}/g, (whole: string, variable: string) =>
    whole.startsWith('$$') ? whole.slice(1) : (process.env[variable] ?? whole),
  )
}
