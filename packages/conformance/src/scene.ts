import { type Attributes, type Bytes, type Capabilities, type Store, type StoreEntry } from '@kit/core'
import { all } from './expect.ts'
import type { Subject } from './subject.ts'

let scenes = 0

/** What one case has: a store, a directory in it that no other case uses, and the means of its subject. */
export class Scene {
  readonly subject: Subject
  readonly capabilities: Capabilities
  readonly store: Store
  /** Case's own directory; on a store of its own nothing else is there. */
  readonly directory: string
  readonly full: boolean
  readonly patienceMs: number
  readonly #opened: Store[]

  constructor(subject: Subject, capabilities: Capabilities, store: Store) {
    this.subject = subject
    this.capabilities = capabilities
    this.store = settling(store, subject.settleMs ?? 0)
    this.#opened = [store]
    this.directory = `c${++scenes}-${crypto.randomUUID().slice(0, 8)}`
    this.full = subject.scale === 'full'
    this.patienceMs = subject.patienceMs ?? 3000
  }

  /** A key in the case's own directory. */
  key(name: string): string {
    return `${this.directory}/${name}`
  }

  /** Puts an object there, by the store or, where it cannot write, by the subject's own means. */
  async put(name: string, body: string | Bytes, attributes: Attributes = {}): Promise<string> {
    const key = this.key(name)
    if (this.capabilities.ops.write !== undefined) await this.store.write(key, body, attributes)
    else {
      const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
      if (this.subject.seed === undefined) throw new Error('the case needs objects, and the subject has no seed()')
      const keys = await this.subject.seed([{ key, bytes, attributes }])
      return keys?.[0] ?? key
    }
    return key
  }

  async get(key: string): Promise<Bytes> {
    return (await this.store.read(key)).bytes()
  }

  async text(key: string): Promise<string> {
    return (await this.store.read(key)).text()
  }

  /** Keys below the case's directory, without it. */
  async names(options: { readonly recursive?: boolean } = { recursive: true }): Promise<string[]> {
    const entries = await all(this.store.list(this.directory, options))
    return entries.map((entry) => this.name(entry)).toSorted()
  }

  /** The entry's key below the case's directory; a directory's with `/` behind it. */
  name(entry: StoreEntry): string {
    const name = entry.key.startsWith(`${this.directory}/`) ? entry.key.slice(this.directory.length + 1) : entry.key
    return entry.kind === 'directory' ? `${name}/` : name
  }

  /** One more store on the same objects. */
  async another(): Promise<Store> {
    const store = await this.subject.open()
    this.#opened.push(store)
    return store
  }

  async end(): Promise<void> {
    try {
      if (this.subject.shared === true) await this.#clear()
    } finally {
      for (const store of this.#opened) await store.close()
    }
  }

  async #endUploads(): Promise<void> {
    for await (const token of this.store.upload.list()) {
      if (token.key.startsWith(`${this.directory}/`)) await this.store.upload.abort(token)
    }
  }

  async #clear(): Promise<void> {
    const { ops, upload } = this.capabilities
    if (ops.upload !== undefined && upload?.list === true) await this.#endUploads().catch(() => undefined)
    if (ops.list === undefined || ops.delete === undefined) return
    try {
      const entries = await all(this.store.list(this.directory, { recursive: true }))
      for (const { key, kind } of entries.toReversed()) {
        if (kind !== 'directory') await this.store.delete(key)
      }
      if (ops.directories === undefined) return
      const directories = entries.filter(({ kind }) => kind === 'directory').map(({ key }) => key)
      for (const key of [...directories.toSorted().toReversed(), this.directory])
        await this.store.directories.remove(key)
    } catch {
      // What a failed case left behind lies under a name that no other case uses.
    }
  }
}

const changing: ReadonlySet<PropertyKey> = new Set(['write', 'delete', 'copy', 'move', 'append', 'update', 'batch'])

/** The store, each of its changes followed by the time until it is seen. */
function settling(store: Store, milliseconds: number): Store {
  if (milliseconds === 0) return store
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      if (!changing.has(name)) return value.bind(target)
      return async (...all_: unknown[]) => {
        const result: unknown = await Reflect.apply(value, target, all_)
        await new Promise((resolve) => setTimeout(resolve, milliseconds))
        return result
      }
    },
  })
}
