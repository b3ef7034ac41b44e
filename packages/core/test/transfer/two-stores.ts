import type { Context, Key, Source, UploadToken } from '../../src/backend/index.ts'
import { collect, openStore, storageError, type Store } from '../../src/index.ts'
import {
  plan,
  run,
  type Action,
  type End,
  type ItemResult,
  type PlanOptions,
  type RunOptions,
  type Summary,
} from '../../src/transfer/index.ts'
import { rich, ScriptedBackend, scriptedPlugin, type Seen } from '../scripted-backend.ts'

/** A scripted store that takes uploads in parts, as one that outlives its processes. */
export class PartsBackend extends ScriptedBackend {
  readonly uploads = new Map<
    string,
    { key: string; source: string | undefined; parts: Map<number, Uint8Array<ArrayBuffer>> }
  >()
  readonly sent: number[] = []
  partBytes = 10
  #count = 0

  constructor() {
    super({
      ...rich,
      ops: { ...rich.ops, upload: 'native' },
      upload: { partMinBytes: 1, partMaxBytes: 1000, partsMax: 1000, list: true },
    })
  }

  async #fault(operation: string, key: string, context: Context): Promise<void> {
    await this.fault.before?.({ operation, key, attempt: context.attempt, options: {} }, context)
  }

  async *#tokens(): AsyncGenerator<UploadToken> {
    for (const [state, { key, source }] of this.uploads) {
      yield { key, partBytes: this.partBytes, sourceVersion: source, state }
    }
  }

  #find(token: UploadToken) {
    const found = this.uploads.get(String(token.state))
    if (found === undefined) throw storageError('NotFound', 'no such upload')
    return found
  }

  readonly upload = {
    start: async (
      context: Context,
      key: Key,
      options: { sourceVersion?: string | undefined },
    ): Promise<UploadToken> => {
      await this.#fault('upload.start', key, context)
      const state = `u${++this.#count}`
      this.uploads.set(state, { key, source: options.sourceVersion, parts: new Map() })
      return { key, partBytes: this.partBytes, sourceVersion: options.sourceVersion, state }
    },
    part: async (context: Context, token: UploadToken, number: number, source: Source): Promise<void> => {
      await this.#fault('upload.part', token.key, context)
      const { parts } = this.#find(token)
      const bytes = await collect(source.bytes ?? source.open(0) ?? new Uint8Array())
      if (source.size !== undefined && source.size !== bytes.byteLength) throw storageError('Corrupt', 'a short part')
      parts.set(number, bytes)
      this.sent.push(number)
    },
    parts: async (context: Context, token: UploadToken) => {
      await this.#fault('upload.parts', token.key, context)
      return [...this.#find(token).parts].map(([number, { byteLength }]) => ({ number, size: byteLength }))
    },
    finish: async (context: Context, token: UploadToken): Promise<void> => {
      await this.#fault('upload.finish', token.key, context)
      const { parts } = this.#find(token)
      const all = [...parts].toSorted(([a], [b]) => a - b).flatMap(([, bytes]) => [...bytes])
      this.put(token.key, new Uint8Array(all))
      this.uploads.delete(String(token.state))
    },
    abort: async (context: Context, token: UploadToken): Promise<void> => {
      await this.#fault('upload.abort', token.key, context)
      this.uploads.delete(String(token.state))
    },
    list: (): AsyncIterable<UploadToken> => this.#tokens(),
  }
}

export interface Side<Held extends ScriptedBackend = ScriptedBackend> {
  readonly store: Store
  readonly backend: Held
}

export async function open<Held extends ScriptedBackend>(backend: Held, name: string): Promise<Side<Held>> {
  keepFilled(backend)
  const spec = { plugin: scriptedPlugin(backend), options: { layers: { retry: false } } }
  return { store: await openStore(spec, { name }), backend }
}

/** Directories that hold something are refused, as the contract says. */
function keepFilled(backend: ScriptedBackend): void {
  const { remove } = backend.directories
  Object.assign(backend.directories, {
    remove: async (context: Context, directory: Key) => {
      await remove(context, directory)
      if (![...backend.files.keys(), ...backend.folders].some((key) => key.startsWith(`${directory}/`))) return
      backend.folders.add(directory)
      throw storageError('NotEmpty', 'the directory holds something')
    },
  })
}

export async function twoStores(): Promise<{ readonly from: Side; readonly to: Side }> {
  return { from: await open(new ScriptedBackend(rich), 'from'), to: await open(new ScriptedBackend(rich), 'to') }
}

export interface Ran {
  readonly results: ItemResult[]
  readonly summary: Summary
}

/** Plans and runs it all. */
export async function transfer(
  from: End,
  to: End,
  options: PlanOptions & RunOptions,
  told?: ItemResult[],
): Promise<Ran> {
  return runAll(from, to, plan(from, to, options), options, told)
}

export async function runAll(
  from: End,
  to: End,
  actions: AsyncIterable<Action> | Iterable<Action>,
  options: RunOptions,
  results: ItemResult[] = [],
): Promise<Ran> {
  const running = run(from, to, actions, options)
  for (;;) {
    const step = await running.next()
    if (step.done === true) return { results, summary: step.value }
    results.push(step.value)
  }
}

/** Files by key, as text. */
export function filesOf({ files }: ScriptedBackend): Record<string, string> {
  const decoder = new TextDecoder()
  return sortedTree(Object.fromEntries([...files].map(([key, { bytes }]) => [key, decoder.decode(bytes)])))
}

/** Makes the N-th call of a backend do something. Counts from 0. */
export function atCall(
  backend: ScriptedBackend,
  number: number,
  what: (seen: Seen) => void,
): { readonly count: () => number } {
  let count = 0
  backend.fault.before = (seen) => {
    if (count++ === number) what(seen)
  }
  return { count: () => count }
}

export function put(backend: ScriptedBackend, tree: Readonly<Record<string, string>>): void {
  for (const [key, text] of Object.entries(tree)) backend.put(key, text)
}

/** Its keys in order, so that trees are compared as texts would be. */
export function sortedTree(tree: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(tree).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

export const source = { 'd/a': 'one', 'd/e/b': 'two', 'd/e/c': 'three', f: 'four' }
export const target = { 'd/a': 'other', 'd/e/b': 'two', 'old/x': 'gone', g: 'gone' }
