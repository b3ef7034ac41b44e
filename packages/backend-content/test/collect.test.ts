import { describe, expect, it } from 'vitest'
import { all, collected, context, key, opened, raw, sample, source } from './support.ts'

const profile = 'unixfs-v1-2025'

describe('collection', () => {
  it('leaves kept versions and takes the others', async () => {
    await using here = opened({ keep: { last: 3 }, segmentBytes: 65_536 })
    for (let at = 0; at < 8; at++) await here.put('file', `version ${at} ${'x'.repeat(20_000)}`)
    const kept = (await all(here.store.versions(context(), key('file')))).flatMap(({ entries }) => entries)
    expect(kept.length).toBe(3)
    const went = await all(here.store.blocks.collect(context()))
    expect(went.length).toBeGreaterThanOrEqual(15)
    for (const [at, { version }] of kept.entries()) {
      expect((await here.get('file', version)).startsWith(`version ${7 - at} `)).toBe(true)
    }
    expect((await here.store.usage(context())).usedBytes).toBeLessThan(150_000)
    await here.store.close()
    await using again = opened({ path: here.root, keep: { last: 3 } })
    expect((await again.get('file')).startsWith('version 7 ')).toBe(true)
  })

  it('leaves what a put in progress has written, and takes it when the put has failed', async () => {
    await using here = opened()
    const chunks = Array.from({ length: 6 }, (_, at) => sample(`${at}`, 1 << 20))
    const put = async (fails: boolean): Promise<string> => {
      async function* body(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
        for (const chunk of chunks) {
          yield chunk
          expect(await all(here.store.blocks.collect(context()))).toEqual([])
        }
        if (fails) throw new Error('its own')
      }
      return (await here.store.content.put(context(), { open: () => body() }, { profile, pin: true })).cid ?? ''
    }
    await expect(put(true)).rejects.toThrow('its own')
    expect((await all(here.store.blocks.collect(context()))).length).toBe(6)
    const cid = await put(false)
    expect(await all(here.store.blocks.collect(context()))).toEqual([])
    const { body } = await here.store.content.read(context(), cid, {})
    expect(Buffer.concat(chunks).equals(await collected(body))).toBe(true)
  })

  it('leaves a body that is read while its file is replaced', async () => {
    await using here = opened({ keep: { last: 1 }, segmentBytes: 1 << 20 })
    const before = sample('before', 6 << 20)
    await here.put('file', before)
    const { body } = await here.store.read(context(), key('file'), {})
    const parts: Uint8Array[] = []
    for await (const part of body instanceof Uint8Array ? [] : body) {
      if (parts.length === 0) {
        await here.put('file', 'after')
        await all(here.store.blocks.collect(context()))
      }
      parts.push(part)
    }
    expect(Buffer.concat(parts).equals(before)).toBe(true)
    expect((await all(here.store.blocks.collect(context()))).length).toBeGreaterThan(5)
    expect(await here.get('file')).toBe('after')
  })

  it('that is broken off leaves a whole store, and the next one goes on', async () => {
    await using here = opened({ segmentBytes: 65_536 })
    const blocks = Array.from({ length: 300 }, (_, at) => raw(sample(`${at}`, 1000)))
    for (const { cid, bytes } of blocks) await here.store.blocks.put(context(), cid, bytes)
    for (const { cid } of blocks.slice(0, 30)) await here.store.pins.add(context(), cid, { mode: 'direct' })
    let seen = 0
    for await (const _ of here.store.blocks.collect(context())) if (++seen === 100) break
    const stop = new AbortController()
    stop.abort()
    await expect(all(here.store.blocks.collect(context(stop.signal)))).rejects.toMatchObject({ name: 'AbortError' })
    for (const { cid, bytes } of blocks.slice(0, 30)) expect(await here.store.blocks.get(context(), cid)).toEqual(bytes)
    expect((await all(here.store.blocks.collect(context()))).length).toBe(170)
    for (const { cid, bytes } of blocks.slice(0, 30)) expect(await here.store.blocks.get(context(), cid)).toEqual(bytes)
  })

  it('that is under way leaves what is pinned, put again or written meanwhile', async () => {
    await using here = opened()
    const garbage = raw('garbage')
    await here.store.blocks.put(context(), garbage.cid, garbage.bytes)
    const bodies = ['pinned', 'put again', 'written'].map((name) => sample(name, 2_500_000))
    const cids: string[] = []
    for (const body of bodies) {
      cids.push((await here.store.content.put(context(), source(body), { profile })).cid ?? '')
    }
    const collecting = here.store.blocks.collect(context())[Symbol.asyncIterator]()
    // What is needed is marked by now: nothing of all this is.
    expect((await collecting.next()).value).toMatchObject({ cid: garbage.cid })
    await here.store.pins.add(context(), cids[0] ?? '', {})
    await here.store.content.put(context(), source(bodies[1] ?? ''), { profile })
    await here.put('file', bodies[2] ?? '')
    expect((await collecting.next()).done).toBe(true)
    for (const [at, cid] of cids.entries()) {
      const { body } = await here.store.content.read(context(), cid, {})
      expect(Buffer.from(bodies[at] ?? '').equals(await collected(body)), `${at}`).toBe(true)
    }
    // The one that was put again and is held by nothing goes with the next.
    expect((await all(here.store.blocks.collect(context()))).length).toBe(4)
    expect(Buffer.from(bodies[2] ?? '').toString()).toBe(
      Buffer.from(await collected((await here.store.read(context(), key('file'), {})).body)).toString(),
    )
  })

  it('stays done when the store is opened again, also of blocks whose segment stays', async () => {
    await using here = opened()
    const blocks = Array.from({ length: 10 }, (_, at) => raw(sample(`${at}`, 1000)))
    for (const { cid, bytes } of blocks) await here.store.blocks.put(context(), cid, bytes)
    for (const { cid } of blocks.slice(1)) await here.store.pins.add(context(), cid, {})
    await here.store.close()
    await using second = opened({ path: here.root })
    const [gone] = await all(second.store.blocks.collect(context()))
    expect(gone?.cid).toBe(blocks[0]?.cid)
    await second.store.close()
    await using again = opened({ path: here.root })
    expect(await again.store.blocks.has(context(), gone?.cid ?? '')).toBe(false)
    expect(await again.store.blocks.has(context(), blocks[1]?.cid ?? '')).toBe(true)
  })

  it('never runs twice at once', async () => {
    await using here = opened()
    for (let at = 0; at < 5; at++) await here.store.blocks.put(context(), raw(`${at}`).cid, raw(`${at}`).bytes)
    const first = here.store.blocks.collect(context())[Symbol.asyncIterator]()
    await first.next()
    await expect(all(here.store.blocks.collect(context()))).rejects.toMatchObject({ code: 'Conflict' })
    await first.return?.()
    expect((await all(here.store.blocks.collect(context()))).length).toBe(4)
  })

  it('leaves a CAR that is taken in and pinned', async () => {
    await using from = opened()
    const body = sample('car', 5 << 20)
    const { cid = '' } = await from.store.content.put(context(), source(body), { profile })
    const car = await collected(await from.store.content.car(context(), cid, { scope: 'all' }))
    await using here = opened()
    expect(await here.store.content.importCar(context(), source(car), { pin: true })).toEqual([cid])
    expect(await all(here.store.blocks.collect(context()))).toEqual([])
    const read = await here.store.content.read(context(), cid, { range: { from: 1_000_000, to: 4_000_000 } })
    expect(Buffer.from(body.subarray(1_000_000, 4_000_000)).equals(await collected(read.body))).toBe(true)
  })
})
