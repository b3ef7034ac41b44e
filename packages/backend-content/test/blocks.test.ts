import { cidOf } from '@kit/content'
import { describe, expect, it } from 'vitest'
import { all, bytes, codeOf, context, opened, raw, sample } from './support.ts'

describe('blocks', () => {
  it('are there when the store is opened again, after a close and without one (C5)', async () => {
    await using first = opened()
    const blocks = Array.from({ length: 50 }, (_, at) => raw(sample(`${at}`, at * 100)))
    for (const { cid, bytes: body } of blocks) await first.store.blocks.put(context(), cid, body)
    await first.store.close()
    await using again = opened({ path: first.root })
    for (const { cid, bytes: body } of blocks) expect(await again.store.blocks.get(context(), cid)).toEqual(body)
  })

  it('of other bytes than their CID says are Corrupt, and are not kept (C5)', async () => {
    await using here = opened()
    const { store } = here
    const { cid } = raw('right')
    expect(await codeOf(store.blocks.put(context(), cid, bytes('wrong')))).toBe('Corrupt')
    expect(await store.blocks.has(context(), cid)).toBe(false)
    expect(await codeOf(store.blocks.putMany(context(), given([{ cid, bytes: bytes('wrong') }])))).toBe('Corrupt')
  })

  it('are one block whatever codec and version their CID has', async () => {
    await using here = opened()
    const { store } = here
    const { cid, bytes: body } = raw('some bytes')
    await store.blocks.put(context(), cid, body)
    const other = cidOf('dag-cbor', body)
    expect(await store.blocks.has(context(), other)).toBe(true)
    expect(await store.blocks.get(context(), other)).toEqual(body)
  })

  it('that their CID itself holds take no space', async () => {
    await using here = opened()
    const { store } = here
    // Version 1, raw, identity, the two bytes "hi".
    const cid = 'bafkqaatine'
    const before = await store.usage(context())
    expect(await store.blocks.has(context(), cid)).toBe(true)
    expect(new TextDecoder().decode(await store.blocks.get(context(), cid))).toBe('hi')
    await store.blocks.put(context(), cid, bytes('hi'))
    expect((await store.usage(context())).usedBytes).toBe(before.usedBytes)
  })

  it('that are put many times at once are written once', async () => {
    await using here = opened()
    const { store } = here
    const { cid, bytes: body } = raw(sample('one', 100_000))
    await Promise.all(Array.from({ length: 20 }, () => store.blocks.put(context(), cid, body)))
    await store.blocks.put(context(), cid, body)
    expect((await store.usage(context())).usedBytes).toBeLessThan(110_000)
  })

  it('come back after many were put at once', async () => {
    await using here = opened({ segmentBytes: 65_536 })
    const { store } = here
    const blocks = Array.from({ length: 1000 }, (_, at) => raw(sample(`${at}`, 1000)))
    await store.blocks.putMany(context(), given(blocks))
    for (const { cid, bytes: body } of blocks) expect(await store.blocks.get(context(), cid)).toEqual(body)
  })

  it('that nothing needs are collected, and told; their space is given back', async () => {
    await using here = opened({ segmentBytes: 65_536 })
    const { store } = here
    const blocks = Array.from({ length: 1000 }, (_, at) => raw(sample(`${at}`, 1000)))
    await store.blocks.putMany(context(), given(blocks))
    const kept = blocks.filter((_, at) => at % 10 === 0)
    for (const { cid } of kept) await store.pins.add(context(), cid, { mode: 'direct' })
    const went = await all(store.blocks.collect(context()))
    expect(went.length).toBe(900)
    expect(new Set(went.map(({ cid }) => cid))).toEqual(
      new Set(blocks.filter((_, at) => at % 10 !== 0).map(({ cid }) => cid)),
    )
    expect(went.every(({ bytes: size }) => size === 1000)).toBe(true)
    for (const { cid, bytes: body } of kept) expect(await store.blocks.get(context(), cid)).toEqual(body)
    for (const { cid } of went) expect(await codeOf(store.blocks.get(context(), cid))).toBe('NotFound')
    expect((await store.usage(context())).usedBytes).toBeLessThan(300_000)
    expect(await all(store.blocks.collect(context()))).toEqual([])
  })
})

async function* given<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items
}
