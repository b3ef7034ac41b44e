import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readlinkSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cidOf } from '@kit/content'
import type { Backend, Bytes, ByteStream, Context, Key, Source } from '@kit/core'
import { contentBackend, type ContentBackendOptions } from '../src/content-backend.ts'

export function context(signal: AbortSignal = new AbortController().signal): Context {
  return { signal, requestId: 'test', attempt: 1, log() {} }
}

export const key = (text: string): Key => text as Key

export const bytes = (text: string): Bytes => new TextEncoder().encode(text)

export function temporaryRoot(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), 'kit-content-')))
}

export function source(body: string | Bytes): Source {
  const all = typeof body === 'string' ? bytes(body) : body
  return { size: all.byteLength, bytes: all, open: (from) => chunks(all.subarray(from)) }
}

async function* chunks(all: Bytes): AsyncGenerator<Bytes> {
  yield all
}

export async function collected(body: Bytes | ByteStream): Promise<Bytes> {
  if (body instanceof Uint8Array) return body
  const parts: Bytes[] = []
  for await (const chunk of body) parts.push(chunk)
  return new Uint8Array(Buffer.concat(parts))
}

export async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = []
  for await (const item of items) found.push(item)
  return found
}

/** The same bytes for the same name, of any length. */
export function sample(name: string, length: number): Bytes {
  if (length === 0) return new Uint8Array()
  return new Uint8Array(createHash('shake256', { outputLength: length }).update(name).digest())
}

export function raw(body: string | Bytes): { readonly cid: string; readonly bytes: Bytes } {
  const given = typeof body === 'string' ? bytes(body) : body
  return { cid: cidOf('raw', given), bytes: given }
}

type All = { readonly [Name in keyof Required<Backend>]: Required<NonNullable<Backend[Name]>> }

export interface Opened extends AsyncDisposable {
  readonly root: string
  readonly store: All & Required<Backend>
  put(name: string, body: string | Bytes): Promise<void>
  get(name: string, version?: string): Promise<string>
}

/** A store in a folder of its own, which goes with it, unless one is given. */
export function opened(options: Partial<ContentBackendOptions> = {}): Opened {
  const root = options.path ?? temporaryRoot()
  const usual = { create: true, durable: 'process', readOnly: false, profile: 'unixfs-v1-2025', keep: {} } as const
  const store = contentBackend({ ...usual, ...options, path: root }) as Opened['store']
  return {
    root,
    store,
    async put(name, body) {
      await store.write(context(), key(name), source(body), {})
    },
    get: async (name, version) =>
      new TextDecoder().decode(await collected((await store.read(context(), key(name), { version })).body)),
    async [Symbol.asyncDispose]() {
      await store.close()
      if (options.path === undefined) rmSync(root, { recursive: true, force: true })
    },
  }
}

export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'success'
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
}

/** Open descriptors of this process that lead into a folder. */
export function openBelow(root: string): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`)
      return path === root || path.startsWith(`${root}/`) ? [path] : []
    } catch {
      return []
    }
  })
}
