import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { content } from '@kit/backend-content'
import { fs } from '@kit/backend-fs'
import { memory } from '@kit/backend-memory'
import { openStore, type Capabilities, type Store, type StoreSpec } from '@kit/core'
import { createServer, type ServerOptions } from '@kit/server'

export const kinds = ['memory', 'fs', 'content'] as const
export type Kind = (typeof kinds)[number]

export interface Served extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  /** Name of the store that is served last. */
  readonly name: string
  /** As the server tells them. */
  readonly capabilities: Capabilities
  /** Serves one more empty store, under a name of its own, which becomes `name`. */
  another(): Promise<string>
  /** Files of all stores on disk, temporaries too. */
  files(): Promise<string[]>
  /** Requests so far. */
  requests(): number
  /** Connections that are open. */
  connections(): Promise<number>
}

/** A server on a free port over empty stores of one kind. */
export async function served(kind: Kind, options: Partial<ServerOptions> = {}): Promise<Served> {
  const folder = await mkdtemp(join(tmpdir(), 'kit-backend-kit-'))
  const stores = new Map<string, Store>()
  function specOf(name: string): StoreSpec {
    const path = join(folder, name)
    if (kind === 'content') return content({ path, durable: 'process' })
    return kind === 'fs' ? fs({ path }) : memory({})
  }
  async function another(): Promise<string> {
    const name = `store-${stores.size + 1}`
    stores.set(name, await openStore(specOf(name), { name }))
    return name
  }
  const first = await another()
  const found = (name: string): Store => {
    const store = stores.get(name)
    if (store === undefined) throw new Error(`no store ${name} is served`)
    return store
  }
  const source = { names: () => [...stores.keys()], get: async (name: string) => found(name) }
  const app = createServer({ stores: source, ...options })
  let requests = 0
  app.server.on('request', () => requests++)
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return {
    url,
    get name() {
      return `store-${stores.size}`
    },
    capabilities: found(first).capabilities,
    another,
    async files() {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true })
      return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
    },
    requests: () => requests,
    connections: () =>
      new Promise((resolve, reject) => {
        app.server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)))
      }),
    async [Symbol.asyncDispose]() {
      app.server.closeAllConnections()
      await app.close()
      for (const store of stores.values()) await store.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
