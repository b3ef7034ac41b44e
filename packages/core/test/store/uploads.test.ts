import { describe, expect, it } from 'vitest'
import type { Capabilities, UploadToken } from '../../src/backend/index.ts'
import { bytesSource, definePlugin, openStore, storageError, type Layer, type Store } from '../../src/index.ts'
import { codeOf, rich } from '../scripted-backend.ts'

interface Seen {
  readonly operation: string
  readonly key: string
  readonly options?: unknown
}

const limits = { partMinBytes: 10, partMaxBytes: 100, partsMax: 5, list: true } as const
const keys = { maxBytes: 1000, forbidden: '?:', caseSensitive: true, unicode: 'exact' } as const
const declared: Capabilities = { ...rich, keys, ops: { upload: 'native' }, upload: limits }

/** A store whose backend writes down what reaches its uploads. */
async function recording(
  capabilities: Capabilities = declared,
  layers: Layer[] = [],
): Promise<{ store: Store; seen: Seen[]; fail: (times: number) => void }> {
  const seen: Seen[] = []
  let failures = 0
  const note = (operation: string, key: string, options?: unknown): void => {
    seen.push({ operation, key, options })
    if (failures-- > 0) throw storageError('Unavailable', 'not now')
  }
  const plugin = definePlugin<object>({
    contract: 0,
    type: 'recording',
    options: {},
    capabilities,
    open: () => ({
      capabilities,
      stat: async (_, key) => ({ kind: 'file', key, size: 7, etag: '"e"' }),
      read: async (_, key) => ({ entry: { kind: 'file', key, size: 0 }, from: 0, body: new Uint8Array() }),
      upload: {
        async start(_, key, options) {
          note('start', key, options)
          return { key, partBytes: 10, state: 'of the backend' }
        },
        async part(_, token, number, source) {
          for await (const chunk of source.open(0) ?? []) note(`part ${number}`, token.key, chunk.byteLength)
        },
        async parts(_, token) {
          note('parts', token.key)
          return []
        },
        finish: async (_, token) => note('finish', token.key),
        abort: async (_, token) => note('abort', token.key),
        async *list() {
          note('list', '')
          yield {
            key: seen.find(({ operation }) => operation === 'start')?.key ?? 'none',
            partBytes: 10,
            state: 'of the backend',
          }
        },
      },
    }),
  })
  const store = await openStore(plugin({ layers: { retry: { base: 1, max: 4 } } }), { layers })
  return { store, seen, fail: (times) => (failures = times) }
}

const token: UploadToken = { key: 'd/a?b', partBytes: 10, state: 'of the backend' }
const body = (size: number) => bytesSource(new Uint8Array(size))

async function first<Item>(items: AsyncIterable<Item>): Promise<Item | undefined> {
  for await (const item of items) return item
  return undefined
}

describe('uploads of a store', () => {
  it('name objects by their keys, whatever the backend calls them', async () => {
    const { store, seen } = await recording()
    const { start, part, parts, finish, abort, list } = store.upload
    const begun = await start('d/a?b', {})
    expect(begun).toEqual(token)
    await part(begun, 1, body(3))
    await parts(begun)
    expect(await finish(begun)).toMatchObject({ key: 'd/a?b', size: 7 })
    await abort(begun)
    expect(await first(list())).toEqual(token)
    const names = new Set(seen.filter(({ key }) => key !== '').map(({ key }) => key))
    expect([...names]).toHaveLength(1)
    expect(names.has('d/a?b')).toBe(false)
    await store.close()
  })

  it('refuse before any I/O what is not declared', async () => {
    const { store, seen } = await recording()
    const { start, part } = store.upload
    expect(await codeOf(start('a', { mode: 0o600 }))).toBe('Unsupported')
    expect(await codeOf(start('a', { ifAbsent: true, ifMatch: '"e"' }))).toBe('InvalidConfig')
    expect(await codeOf(start('a', { ifMatch: 'W/"e"' }))).toBe('ConditionFailed')
    expect(await codeOf(start('a', { size: 501 }))).toBe('TooLarge')
    expect(await codeOf(start('', {}))).toBe('IsDirectory')
    expect(await codeOf(start('../a', {}))).toBe('InvalidKey')
    expect(await codeOf(part(token, 1, body(11)))).toBe('TooLarge')
    expect(await codeOf(part(token, 6, body(1)))).toBe('InvalidRange')
    for (const number of [0, -1, 1.5, Number.NaN]) {
      expect(await codeOf(part(token, number, body(1)))).toBe('InvalidConfig')
    }
    expect(seen).toEqual([])
    await store.close()
  })

  it('refuse before any I/O what is no token', async () => {
    const { store, seen } = await recording()
    const { part, parts, finish, abort } = store.upload
    const hostile: [string, unknown][] = [
      ['InvalidConfig', null],
      ['InvalidConfig', 'token'],
      ['InvalidConfig', {}],
      ['InvalidConfig', { ...token, partBytes: 0 }],
      ['InvalidConfig', { ...token, partBytes: '10' }],
      ['InvalidConfig', { ...token, expires: 5 }],
      ['InvalidKey', { ...token, key: undefined }],
      ['InvalidKey', { ...token, key: '../../a' }],
      ['InvalidKey', { ...token, key: 'a\0' }],
      ['IsDirectory', { ...token, key: '' }],
    ]
    for (const [code, given] of hostile) {
      const made = given as UploadToken
      const codes = [part(made, 1, body(1)), parts(made), finish(made), abort(made)].map((call) => codeOf(call))
      expect([JSON.stringify(given), ...(await Promise.all(codes))]).toEqual([
        JSON.stringify(given),
        code,
        code,
        code,
        code,
      ])
    }
    expect(seen).toEqual([])
    await store.close()
  })

  it('that a backend does not list are Unsupported to list', async () => {
    const { list: _, ...without } = limits
    const { store, seen } = await recording({ ...declared, upload: without })
    expect(await codeOf(first(store.upload.list()))).toBe('Unsupported')
    expect(seen).toEqual([])
    await store.close()
  })

  it('are seen by layers under their names, and those that change nothing are tried again', async () => {
    const calls: string[] = []
    const layer: Layer = {
      name: 'watching',
      attach: () => ({
        call: (operation, next) => (context, one, two, three) => {
          calls.push(operation)
          return next(context, one, two, three)
        },
        pages: (operation, next) => (context, one, two, three) => {
          calls.push(operation)
          return next(context, one, two, three)
        },
      }),
    }
    const { store, seen, fail } = await recording(declared, [layer])
    fail(1)
    await store.upload.parts(token)
    expect(seen.map(({ operation }) => operation)).toEqual(['parts', 'parts'])
    await first(store.upload.list())
    await store.upload.part(token, 1, body(1))
    expect(calls).toEqual(['upload.parts', 'upload.list', 'upload.part'])
    await store.close()
  })

  it("throw a body's own failure as it came", async () => {
    const { store } = await recording()
    const failure = new RangeError('the body of a part')
    const source = {
      open: () =>
        (async function* () {
          yield new Uint8Array(1)
          throw failure
        })(),
    }
    await expect(store.upload.part(token, 1, source)).rejects.toBe(failure)
    await store.close()
  })
})
