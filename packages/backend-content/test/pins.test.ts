import { encodeNode } from '@kit/content'
import type { Pin, PinFilter } from '@kit/core'
import { describe, expect, it } from 'vitest'
import { all, codeOf, context, opened, raw, sample, source, type Opened } from './support.ts'

const profile = 'unixfs-v1-2025'

async function listed({ store }: Opened, filter: PinFilter = {}): Promise<Pin[]> {
  return (await all(store.pins.list(context(), filter))).flatMap(({ pins }) => pins)
}

/** Two leaves below a node below a node. */
async function tree({ store }: Opened): Promise<{ root: string; middle: string; leaves: string[] }> {
  const leaves = [raw('one'), raw('two')]
  for (const { cid, bytes } of leaves) await store.blocks.put(context(), cid, bytes)
  const middle = encodeNode('dag-cbor', { links: leaves.map(({ cid }) => ({ '/': cid })) })
  const root = encodeNode('dag-json', { middle: { '/': middle.cid } })
  for (const { cid, bytes } of [middle, root]) await store.blocks.put(context(), cid, bytes)
  return { root: root.cid, middle: middle.cid, leaves: leaves.map(({ cid }) => cid) }
}

describe('pins (B-IPFS-4)', () => {
  it('keep everything below, whatever codec it is of; direct ones the block alone', async () => {
    await using here = opened()
    const { root, middle, leaves } = await tree(here)
    await here.store.pins.add(context(), root, {})
    expect(await all(here.store.blocks.collect(context()))).toEqual([])
    await here.store.pins.remove(context(), root)
    await here.store.pins.add(context(), middle, { mode: 'direct' })
    const went = (await all(here.store.blocks.collect(context()))).map(({ cid }) => cid)
    expect(went.toSorted()).toEqual([root, ...leaves].toSorted())
    expect(await here.store.blocks.has(context(), middle)).toBe(true)
  })

  it('of what is not all there are NotFound, and are not made', async () => {
    await using here = opened()
    const node = encodeNode('dag-cbor', [{ '/': raw('missing').cid }])
    await here.store.blocks.put(context(), node.cid, node.bytes)
    expect(await codeOf(here.store.pins.add(context(), node.cid, {}))).toBe('NotFound')
    expect(await codeOf(here.store.pins.add(context(), raw('missing').cid, { mode: 'direct' }))).toBe('NotFound')
    expect(await listed(here)).toEqual([])
    expect((await here.store.pins.add(context(), node.cid, { mode: 'direct' })).mode).toBe('direct')
  })

  it('are listed by mode and by a part of their name, in pages that can be continued', async () => {
    await using here = opened()
    const cids: string[] = []
    for (let at = 0; at < 25; at++) {
      const { cid, bytes } = raw(`${at}`)
      await here.store.blocks.put(context(), cid, bytes)
      await here.store.pins.add(context(), cid, { mode: at % 2 === 0 ? 'direct' : 'recursive', name: `name ${at}` })
      cids.push(cid)
    }
    expect((await listed(here)).map(({ cid }) => cid)).toEqual(cids.toSorted())
    expect((await listed(here, { mode: 'direct' })).length).toBe(13)
    const names = new Set((await listed(here, { name: 'e 2' })).map(({ name }) => name))
    expect(names).toEqual(new Set(['name 2', 'name 20', 'name 21', 'name 22', 'name 23', 'name 24']))
    const found: string[] = []
    for (let cursor: string | undefined, more = true; more;) {
      const [page] = await all(firstOf(here.store.pins.list(context(), { limit: 4, cursor })))
      found.push(...(page?.pins ?? []).map(({ cid }) => cid))
      cursor = page?.cursor
      more = cursor !== undefined
    }
    expect(found).toEqual(cids.toSorted())
  })

  it('of blocks below others are indirect', async () => {
    await using here = opened()
    const { root, middle, leaves } = await tree(here)
    await here.store.pins.add(context(), root, {})
    expect((await here.store.pins.get(context(), middle)).mode).toBe('indirect')
    const indirect = (await listed(here, { mode: 'indirect', limit: 1 })).map(({ cid }) => cid)
    expect(indirect.toSorted()).toEqual([middle, ...leaves].toSorted())
    const [first] = await all(firstOf(here.store.pins.list(context(), { mode: 'indirect', limit: 1 })))
    const rest = (await listed(here, { mode: 'indirect', cursor: first?.cursor })).map(({ cid }) => cid)
    expect(rest).toEqual(indirect.slice(1))
    expect(await codeOf(here.store.pins.remove(context(), middle))).toBe('NotFound')
    await here.store.pins.add(context(), middle, { mode: 'direct' })
    expect((await listed(here, { mode: 'indirect' })).map(({ cid }) => cid).toSorted()).toEqual(leaves.toSorted())
  })

  it('of one block alone become whole ones, never the other way round unseen', async () => {
    await using here = opened()
    const { root } = await tree(here)
    await here.store.pins.add(context(), root, { mode: 'direct' })
    expect((await here.store.pins.add(context(), root, { mode: 'recursive' })).mode).toBe('recursive')
    expect(await codeOf(here.store.pins.add(context(), root, { mode: 'direct' }))).toBe('AlreadyExists')
    expect((await listed(here)).map(({ mode }) => mode)).toEqual(['recursive'])
  })

  it('that are made again keep what was said of them, unless it is said anew', async () => {
    await using here = opened()
    const { root } = await tree(here)
    const { add, get } = here.store.pins
    await add(context(), root, { name: 'first', metadata: { a: '1' } })
    expect(await add(context(), root, {})).toMatchObject({ name: 'first', metadata: { a: '1' } })
    await add(context(), root, { name: 'second' })
    expect(await get(context(), root)).toMatchObject({ name: 'second', metadata: { a: '1' }, mode: 'recursive' })
  })

  it('for several copies are Unsupported', async () => {
    await using here = opened()
    const { root } = await tree(here)
    expect(await codeOf(here.store.pins.add(context(), root, { copies: { min: 2, max: 3 } }))).toBe('Unsupported')
    await here.store.pins.add(context(), root, { copies: { min: 1, max: 3 } })
  })

  it('and what was said of them are there when the store is opened again, also without its snapshot', async () => {
    await using here = opened()
    const body = sample('pinned', 3_000_000)
    const { cid = '' } = await here.store.content.put(context(), source(body), { profile, pin: true })
    await here.store.pins.add(context(), (await tree(here)).root, { name: 'n', metadata: { a: 'b' } })
    const before = await listed(here)
    expect(before.find((pin) => pin.cid === cid)?.metadata).toEqual({ profile })
    await here.store.close()
    await using again = opened({ path: here.root })
    expect(await listed(again)).toEqual(before)
    expect(await all(again.store.blocks.collect(context()))).toEqual([])
  })
})

async function* firstOf<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item> {
  for await (const item of items) {
    yield item
    return
  }
}
