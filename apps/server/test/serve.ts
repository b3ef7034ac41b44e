import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fs } from '@kit/backend-fs'
import { memory } from '@kit/backend-memory'
import { openStore, type Store, type StoreSpec } from '@kit/core'
import { createServer, type Access, type ServerOptions } from '@kit/server'
import { expect, onTestFinished } from 'vitest'
import { undescribedAnswers } from './described-answers.ts'

export interface Served {
  /** `http://127.0.0.1:PORT` */
  readonly base: string
  readonly store: Store
  /** Files of the store on disk, temporaries too; none for a store in memory. */
  leftovers(): Promise<string[]>
}

export const kinds = ['memory', 'fs'] as const
export type Kind = (typeof kinds)[number]

/** A path on the server below the store that `serve` serves. */
export const objects = '/api/v1/stores/files/objects'

/** A server on a free port over one empty store called `files`, until the test ends. */
export async function serve(kind: Kind, options: Partial<ServerOptions> = {}): Promise<Served> {
  const folder = kind === 'fs' ? await mkdtemp(join(tmpdir(), 'kit-server-')) : undefined
  const spec: StoreSpec = folder === undefined ? memory({}) : fs({ path: folder })
  return serveStore(await openStore(spec, { name: 'files' }), options, folder)
}

export async function serveStore(
  store: Store,
  options: Partial<ServerOptions> = {},
  folder?: string,
  access?: Access,
): Promise<Served> {
  const app = createServer({ stores: { names: () => ['files'], get: async () => store }, ...options })
  const undescribed = undescribedAnswers(app)
  if (access !== undefined) {
    app.addHook('preHandler', (request, _reply, done) => {
      request.access = access
      done()
    })
  }
  const base = await app.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(async () => {
    app.server.closeAllConnections()
    await app.close()
    await store.close()
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
    expect(undescribed).toEqual([])
  })
  return { base, store, leftovers: async () => (folder === undefined ? [] : await filesIn(folder)) }
}

export async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

/** The path of a store that `serve` serves; `noun` is what comes after it. */
export function at(noun: string): string {
  return `/api/v1/stores/files/${noun}`
}

/** The store with some of its methods replaced. */
export function withMethods(store: Store, methods: Partial<Store>): Store {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(name in methods ? methods : target, name)
      return typeof value === 'function' && !(name in methods) ? value.bind(target) : value
    },
  })
}
