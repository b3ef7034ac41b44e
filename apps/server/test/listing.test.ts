import { compareKeys, storageError, type Listing } from '@kit/core'
import { describe, expect, test, vi } from 'vitest'
import { accessOf } from '../src/access/access.ts'
import { ask } from './ask.ts'
import { kinds, objects, serve, serveStore, withMethods } from './serve.ts'

interface Page {
  readonly entries: readonly { readonly key: string; readonly etag?: string; readonly size?: number }[]
  readonly next?: string
}
const list = async (base: string, query: string): Promise<Page> =>
  (await ask(base, 'GET', `${objects}?${query}`)).json() as unknown as Page
const keys = ({ entries }: Page): string[] => entries.map(({ key }) => key)

describe.each(kinds)('listing a store of type %s', (kind) => {
  test('gives a directory, or all below it, in the order of keys', async () => {
    const { base, store } = await serve(kind)
    for (const key of ['b', 'a/1', 'a/2', 'a/deep/3', 'a-b']) await store.write(key, key)
    expect(keys(await list(base, ''))).toEqual(['a', 'a-b', 'b'])
    expect(keys(await list(base, 'prefix=a'))).toEqual(['a/1', 'a/2', 'a/deep'])
    expect(keys(await list(base, 'prefix=a/'))).toEqual(['a/1', 'a/2', 'a/deep'])
    expect(keys(await list(base, 'prefix=none'))).toEqual([])
    const all = await list(base, 'recursive=true')
    expect(keys(all).filter((key) => key !== 'a' && key !== 'a/deep')).toEqual(['a-b', 'a/1', 'a/2', 'a/deep/3', 'b'])
    const { etag } = (await ask(base, 'HEAD', `${objects}/b`)).headers
    expect(all.entries.find(({ key }) => key === 'b')).toMatchObject({ kind: 'file', size: 1, etag })
  })

  test('pages of any size give every key once', async () => {
    const { base, store } = await serve(kind)
    const wanted = Array.from({ length: 23 }, (_, index) => `k${String(index).padStart(2, '0')}`)
    for (const key of wanted) await store.write(key, key)
    for (const limit of [1, 5, 22, 23, 24, 10_000]) {
      for (const ordered of ['', '&ordered=false']) {
        const seen: string[] = []
        for (let from: string | undefined = ''; from !== undefined;) {
          const page: Page = await list(base, `limit=${limit}${ordered}${from}`)
          expect(page.entries.length).toBeLessThanOrEqual(limit)
          seen.push(...keys(page))
          from = page.next === undefined ? undefined : `&cursor=${page.next}`
        }
        expect(seen.toSorted()).toEqual(wanted)
        if (ordered === '') expect(seen).toEqual(wanted)
      }
    }
    expect(keys(await list(base, 'after=k2'))).toEqual(['k20', 'k21', 'k22'])
  })

  test('streams lines to who accepts them', async () => {
    const { base, store } = await serve(kind)
    await Promise.all(Array.from({ length: 600 }, (_, index) => store.write(`d/${index}`, 'x')))
    const headers = { accept: 'application/x-ndjson' }
    const answer = await ask(base, 'GET', `${objects}?recursive=true`, { headers })
    expect(answer.headers['content-type']).toBe('application/x-ndjson')
    const entries = answer.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { key: string; kind: string })
    expect(entries.filter((entry) => entry.kind === 'file')).toHaveLength(600)
    const some = await ask(base, 'GET', `${objects}?prefix=d&limit=3&after=d/5`, { headers })
    const inOrder = some.text
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { key: string }).key)
    expect(inOrder).toEqual(['d/50', 'd/500', 'd/501'])
    expect((await ask(base, 'GET', `${objects}?prefix=none`, { headers })).text).toBe('')
  })
})

test('cursors go on with the listing that gave them, and with no other', async () => {
  const { base, store } = await serve('memory')
  for (const key of ['a/1', 'a/2', 'a/3', 'b']) await store.write(key, key)
  const { next = '' } = await list(base, 'prefix=a&limit=1')
  expect(next).toMatch(/^[\w-]+\.[\w-]+$/)
  expect(keys(await list(base, `prefix=a&limit=1&cursor=${next}`))).toEqual(['a/2'])
  expect(keys(await list(base, `prefix=a&limit=9&cursor=${next}`))).toEqual(['a/2', 'a/3'])
  const native = await list(base, 'prefix=a&limit=1&ordered=false')
  const wrong = [
    `limit=1&cursor=${next}`,
    `prefix=b&limit=1&cursor=${next}`,
    `prefix=a&recursive&cursor=${next}`,
    `prefix=a&ordered=false&cursor=${next}`,
    `prefix=a&cursor=${native.next}`,
    `prefix=a&cursor=${next.slice(0, -2)}`,
    'prefix=a&cursor=a/1',
    'prefix=a&cursor=',
  ]
  for (const query of wrong) {
    const got = await ask(base, 'GET', `${objects}?${query}`)
    expect([query, got.status, got.code]).toEqual([query, 400, 'InvalidConfig'])
  }
  const headers = { accept: 'application/x-ndjson' }
  expect((await ask(base, 'GET', `${objects}?prefix=a&cursor=${next}`, { headers })).status).toBe(400)
})

test('a token sees what lies below its paths, and the directories on the way there', async () => {
  const { store } = await serve('fs')
  const all = ['a/x', 'mine', 'mined/x', 'the/way/to/mine/1', 'the/way/to/mine/2', 'the/way/to/mine/d/3', 'the/way/x']
  for (const key of all.filter((key) => key !== 'mine')) await store.write(key, key)
  const access = accessOf({ id: 'a', scopes: ['list'], paths: [{ store: 'files', directory: 'the/way/to/mine' }] })
  const { base } = await serveStore(store, {}, undefined, access)
  const top = await list(base, '')
  expect(top.entries).toEqual([{ kind: 'directory', key: 'the' }])
  expect(keys(await list(base, 'prefix=the/way'))).toEqual(['the/way/to'])
  const seen: string[] = []
  for (let from: string | undefined = ''; from !== undefined;) {
    const page: Page = await list(base, `recursive&limit=1${from}`)
    expect(page.entries.length).toBe(1)
    seen.push(...keys(page))
    from = page.next === undefined ? undefined : `&cursor=${page.next}`
  }
  const mine = [
    'the',
    'the/way',
    'the/way/to',
    'the/way/to/mine',
    ...all.filter((key) => key.startsWith('the/way/to/mine/')),
    'the/way/to/mine/d',
  ]
  expect(seen).toEqual(mine.toSorted(compareKeys))
  const headers = { accept: 'application/x-ndjson' }
  const lines = await ask(base, 'GET', `${objects}?recursive`, { headers })
  expect(lines.text.trimEnd().split('\n')).toHaveLength(mine.length)
  for (const prefix of ['a', 'mined', 'the/way/x', 'none']) {
    expect([prefix, await ask(base, 'GET', `${objects}?prefix=${prefix}`)]).toMatchObject([prefix, { status: 403 }])
  }
})

test('wanted fields reach the store, and no others', async () => {
  const { store } = await serve('memory')
  const wanted: unknown[] = []
  const { base } = await serveStore(
    withMethods(store, {
      list: (directory, options) => {
        wanted.push(options?.want)
        return store.list(directory, options)
      },
    }),
  )
  for (const [query, want] of [
    ['', undefined],
    ['want=', []],
    ['want=modified,contentType', ['modified', 'contentType']],
  ] as const) {
    expect((await ask(base, 'GET', `${objects}?${query}`)).status).toBe(200)
    expect([query, wanted.at(-1)]).toEqual([query, want])
  }
  for (const query of ['want=secrets', 'want=key,', 'want=modified;etag']) {
    expect([query, (await ask(base, 'GET', `${objects}?${query}`)).status]).toEqual([query, 400])
  }
})

test('100,000 entries are streamed as lines in flat memory, as fast as they are taken', async () => {
  const { store } = await serve('memory')
  const count = 100_000
  let given = 0
  const long = withMethods(store, {
    list: (): Listing => {
      async function* entries(): AsyncGenerator<never> {
        for (; given < count; given++) {
          if (given % 1000 === 0) await new Promise((resolve) => setImmediate(resolve))
          yield { kind: 'file', key: `directory/${String(given).padStart(6, '0')}`, size: given, etag: '"e"' } as never
        }
      }
      return { pages: () => entries(), [Symbol.asyncIterator]: entries }
    },
  })
  const { base } = await serveStore(long)
  const response = await fetch(`${base}${objects}?recursive=true`, { headers: { accept: 'application/x-ndjson' } })
  const reader = response.body?.getReader()
  const first = await reader?.read()
  // Nobody takes more for now: the store is not asked for what would only lie in memory.
  await vi.waitFor(
    async () => {
      const before = given
      await new Promise((resolve) => setTimeout(resolve, 50))
      expect(given).toBe(before)
    },
    { timeout: 5_000 },
  )
  expect(given).toBeLessThan(count)
  let text = ''
  let lines =
    Buffer.from(first?.value ?? [])
      .toString()
      .split('\n').length - 1
  for (let step = await reader?.read(); step?.done === false; step = await reader?.read()) {
    text = Buffer.from(step.value).toString()
    lines += text.split('\n').length - 1
  }
  expect(given).toBe(count)
  expect(lines).toBe(count)
  expect(JSON.parse(text.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ key: 'directory/099999', size: 99_999 })
})

test('refuses queries that it does not understand', async () => {
  const { base } = await serve('memory')
  const queries = [
    'limit=0',
    'limit=10001',
    'limit=-1',
    'limit=1e3',
    'limit=',
    'recursive=maybe',
    'prefix=a&prefix=b',
    'depth=1',
    'prefix=../x',
    'prefix=%zz',
    'after=%ff',
    '%ff=1',
    '__proto__=1',
  ]
  for (const query of queries) {
    const { status, code } = await ask(base, 'GET', `${objects}?${query}`)
    expect([query, status]).toEqual([query, 400])
    expect(['InvalidConfig', 'InvalidKey']).toContain(code)
  }
})

test('a listing that breaks ends its lines with the reason, and then the connection', async () => {
  const { store } = await serve('memory')
  const broken = withMethods(store, {
    list: (): Listing => {
      async function* entries(): AsyncGenerator<never> {
        for (let index = 0; index < 2000; index++) yield { kind: 'file', key: `k${index}`, size: index } as never
        throw storageError('Unavailable', 'the server is gone')
      }
      return { pages: () => entries(), [Symbol.asyncIterator]: entries }
    },
  })
  const { base } = await serveStore(broken)
  const lines: string[] = []
  const response = await fetch(`${base}${objects}`, { headers: { accept: 'application/x-ndjson' } })
  const reading = (async () => {
    for await (const chunk of response.body ?? []) lines.push(Buffer.from(chunk).toString())
  })()
  await expect(reading).rejects.toThrow('terminated')
  const last = lines.join('').trimEnd().split('\n').at(-1) ?? ''
  expect(JSON.parse(last)).toMatchObject({ success: false, error: { code: 'Unavailable' } })
})
