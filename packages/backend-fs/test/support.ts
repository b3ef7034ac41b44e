import { mkdtempSync, readdirSync, readlinkSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Backend, Bytes, ByteStream, Context, Entry, Key, Source, WriteOptions } from '@kit/core'
import { fsBackend } from '../src/fs-backend.ts'
import type { SiteOptions } from '../src/open-site.ts'

export function context(signal: AbortSignal = new AbortController().signal): Context {
  return { signal, requestId: 'test', attempt: 1, log() {} }
}

export const key = (text: string): Key => text as Key

export function bytes(text: string): Bytes {
  return new TextEncoder().encode(text)
}

export function source(body: string | Bytes): Source {
  const all = typeof body === 'string' ? bytes(body) : body
  return { size: all.byteLength, bytes: all, open: (from) => chunks(all.subarray(from)) }
}

/** A one-shot body of these chunks. */
export function stream(given: Iterable<Bytes | string> | AsyncIterable<Bytes | string>, size?: number): Source {
  let opened = false
  return {
    size,
    open() {
      if (opened) return null
      opened = true
      return (async function* () {
        for await (const chunk of given) yield typeof chunk === 'string' ? bytes(chunk) : chunk
      })()
    },
  }
}

async function* chunks(all: Bytes): AsyncGenerator<Bytes> {
  yield all
}

export async function collect(body: Bytes | ByteStream): Promise<Bytes> {
  if (body instanceof Uint8Array) return body
  const parts: Bytes[] = []
  for await (const chunk of body) parts.push(chunk)
  return new Uint8Array(Buffer.concat(parts))
}

export interface Store extends AsyncDisposable {
  readonly root: string
  readonly backend: Backend
  put(name: string, body: string | Bytes | Source, options?: WriteOptions): Promise<Entry>
  get(name: string): Promise<string>
  stat(name: string): Promise<Entry>
  names(directory?: string, recursive?: boolean): Promise<string[]>
  entries(directory?: string, recursive?: boolean): Promise<Entry[]>
}

/** What every optional method is, once: there. */
export function methods(backend: Backend): Required<Backend> {
  return backend as Required<Backend>
}

export function temporaryRoot(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), 'kit-fs-')))
}

export function openStore(options: Partial<SiteOptions> = {}): Store {
  const root = options.path ?? temporaryRoot()
  const backend = fsBackend({ create: true, fsync: false, partBytes: 1000, ...options, path: root })
  const all = methods(backend)
  async function entries(directory = '', recursive = true): Promise<Entry[]> {
    const found: Entry[] = []
    for await (const page of all.list(context(), key(directory), { recursive })) found.push(...page.entries)
    return found
  }
  return {
    root,
    backend,
    entries,
    put: async (name, body, how = {}) => {
      const given = typeof body === 'string' || body instanceof Uint8Array ? source(body) : body
      return (await all.write(context(), key(name), given, how)) as Entry
    },
    get: async (name) =>
      new TextDecoder('utf-8', { ignoreBOM: true }).decode(
        await collect((await backend.read(context(), key(name), {})).body),
      ),
    stat: (name) => backend.stat(context(), key(name), {}),
    names: async (directory, recursive) => (await entries(directory, recursive)).map((entry) => entry.key).toSorted(),
    async [Symbol.asyncDispose]() {
      await all.close()
      if (options.path === undefined) rmSync(root, { recursive: true, force: true })
    },
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

/** Everything in the reserved folder but the folders of live owners. */
export function leftOver(root: string): string[] {
  try {
    return (readdirSync(join(root, '.kit'), { recursive: true }) as string[]).filter(
      (path) => !/^(tmp|locks|uploads|tmp\/[^/]+)$/.test(path),
    )
  } catch {
    return []
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
