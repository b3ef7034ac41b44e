import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fs } from '@kit/backend-fs'
import { memory } from '@kit/backend-memory'
import { type Capabilities, definePlugin, openStore, type Page, type Plugin, type Store } from '@kit/core'
import { temporaryFolder } from '@kit/test-servers'
import { expect, it } from 'vitest'
import { addressable, isCid, pathsStore } from '../../src/index.ts'
import { codeOf } from './subject.ts'

async function all(store: Store): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for await (const { key, kind } of store.list('', { recursive: true })) {
    if (kind === 'file') found.set(key, await (await store.read(key)).text())
  }
  return found
}

async function* nothing(): AsyncGenerator<Page> {}

it('keeps blocks and refs in a folder, where another program finds them again', async () => {
  await using folder = await temporaryFolder('paths')
  const spec = pathsStore({ over: fs({ path: folder.path }) })
  {
    await using store = await openStore(spec)
    await store.write('dir/a', '1')
    await store.write('large', new Uint8Array(3 << 20))
  }
  expect((await readdir(folder.path)).filter((name) => name !== '.kit').toSorted()).toEqual(['blocks', 'refs'])
  const head = await readFile(join(folder.path, 'refs/main'), 'utf8')
  expect(head.endsWith('\n') && isCid(head.trimEnd())).toBe(true)
  await using again = await openStore(spec)
  expect((await all(again)).get('dir/a')).toBe('1')
  expect((await again.stat('large')).size).toBe(3 << 20)
})

it('lets 8 writers of two programs win on different paths, and lose no update on the same one', async () => {
  await using folder = await temporaryFolder('paths')
  const spec = pathsStore({ over: fs({ path: folder.path }), keep: { last: 1000 } })
  await using one = await openStore(spec)
  await using other = await openStore(spec)
  await one.write('counter', '0')
  const writer = async (number: number): Promise<void> => {
    const store = number % 2 === 0 ? one : other
    for (let index = 0; index < 5; index++) await store.write(`w${number}/${index}`, `${number} ${index}`)
    for (let done = 0; done < 3;) {
      const reading = await store.read('counter')
      const value = Number(await reading.text())
      const code = await codeOf(store.write('counter', `${value + 1}`, { ifMatch: reading.entry.etag }))
      if (code === 'success') done++
      else expect(code).toBe('ConditionFailed')
    }
  }
  await Promise.all(Array.from({ length: 8 }, (_, number) => writer(number)))
  const found = await all(one)
  expect(found.size).toBe(41)
  expect(found.get('counter')).toBe('24')
  expect(found.get('w7/4')).toBe('7 4')
  expect(await all(other)).toEqual(found)
}, 60_000)

it('takes blocks and refs from two stores, and says what the weaker of them promises', async () => {
  await using folder = await temporaryFolder('paths')
  const durable = (name: string) => fs({ path: join(folder.path, name), fsync: true })
  const specs = [
    [pathsStore({ over: [durable('blocks'), memory({})] }), 'process', 'store'],
    [pathsStore({ over: [memory({}), durable('refs')] }), 'process', 'host'],
    [pathsStore({ over: durable('both') }), 'power', 'host'],
  ] as const
  for (const [spec, lasts, scope] of specs) {
    await using store = await openStore(spec)
    expect(store.capabilities.write).toMatchObject({ durable: lasts, conditionScope: scope })
    // oxlint-disable-next-line typescript/no-unsafe-argument -- options of a spec are checked when it is opened
    expect(pathsStore.narrow?.(spec.options as never).write).toMatchObject({ durable: lasts, conditionScope: scope })
    const { cid = '' } = await store.write('a', 'x')
    expect(await store.blocks.has(cid)).toBe(true)
    const { entry } = await store.content.read(cid, {})
    expect(entry.size).toBe(1)
  }
})

it('keeps its blocks where a store has blocks of its own', async () => {
  await using store = await openStore(pathsStore({ over: addressable({ over: memory({}) }) }))
  const { cid = '' } = await store.write('a', 'x')
  expect(await store.blocks.has(cid)).toBe(true)
  expect(await (await store.read('a')).text()).toBe('x')
})

it('refuses a store of refs without conditions, and more than two stores', async () => {
  const { capabilities: all } = await openStore(memory({}))
  const ops = { write: 'native', list: 'native', delete: 'native' } as const
  const capabilities: Capabilities = { ...all, ops, write: { durable: 'process', attributes: [] } }
  const missing = (): Promise<never> => Promise.reject(new Error('not called'))
  const weak: Plugin<object> = definePlugin({
    contract: 0,
    type: 'weak',
    options: {},
    capabilities,
    open: () => ({ capabilities, stat: missing, read: missing, write: missing, delete: missing, list: nothing }),
  })
  expect(await codeOf(openStore(pathsStore({ over: weak({}) })))).toBe('InvalidConfig')
  expect(await codeOf(openStore(pathsStore({ over: [memory({}), memory({}), memory({})] })))).toBe('InvalidConfig')
  expect(await codeOf(openStore(pathsStore({ over: memory({}), profile: 'other' as never })))).toBe('InvalidConfig')
})
