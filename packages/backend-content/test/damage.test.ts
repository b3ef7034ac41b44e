import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeNode } from '@kit/content'
import { describe, expect, it } from 'vitest'
import { scrub } from '../src/index.ts'
import { all, codeOf, collected, context, opened, raw, sample, source, temporaryRoot } from './support.ts'

const profile = 'unixfs-v1-2025'

function flip(path: string, at: number): void {
  const bytes = readFileSync(path)
  bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8))
  writeFileSync(path, bytes)
}

/** Where in a file some bytes lie. */
function placeOf(path: string, bytes: Uint8Array): number {
  return readFileSync(path).indexOf(bytes)
}

describe('a bit that has changed on the disk', () => {
  it('wherever it is, is never read: a read gives what was put, or Corrupt (C5)', async () => {
    await using here = opened()
    const blocks = Array.from({ length: 12 }, (_, at) => raw(sample(`${at}`, 50 + at * 7)))
    for (const { cid, bytes } of blocks) await here.store.blocks.put(context(), cid, bytes)
    await here.put('dir/file', 'some text')
    await here.store.close()
    const outcomes: Record<string, number> = {}
    for (const name of readdirSync(here.root)) {
      const length = readFileSync(join(here.root, name)).length
      for (let at = 0; at < length; at += 13) {
        const folder = temporaryRoot()
        for (const file of readdirSync(here.root)) copyFileSync(join(here.root, file), join(folder, file))
        flip(join(folder, name), at)
        await using there = opened({ path: folder })
        for (const { cid, bytes } of blocks) {
          const outcome = await there.store.blocks.get(context(), cid).catch(async (error: unknown) => error)
          if (outcome instanceof Uint8Array) expect(outcome, `${name} ${at}`).toEqual(bytes)
          else
            expect(['Corrupt', 'Unsupported', 'InvalidConfig'], `${name} ${at}`).toContain(
              await codeOf(Promise.reject(outcome)),
            )
          const code = outcome instanceof Uint8Array ? 'right' : 'refused'
          outcomes[code] = (outcomes[code] ?? 0) + 1
        }
        const text = await there.get('dir/file').catch(async (error: unknown) => codeOf(Promise.reject(error)))
        expect(['some text', 'Corrupt', 'Unsupported', 'InvalidConfig'], `${name} ${at}`).toContain(text)
        await there.store.close()
        rmSync(folder, { recursive: true })
      }
    }
    expect(outcomes['refused']).toBeGreaterThan(0)
    expect(outcomes['right']).toBeGreaterThan(0)
  })

  it('is found by a scrub, by CID and place, with what is lost by it; the block is right again when it is put again', async () => {
    await using here = opened()
    const body = sample('file', 3_500_000)
    const { cid: file = '' } = await here.store.content.put(context(), source(body), { profile, pin: true })
    const other = raw('another')
    await here.store.blocks.put(context(), other.cid, other.bytes)
    await here.store.pins.add(context(), other.cid, {})
    await here.put('path', body.subarray(0, 10))
    await here.store.close()
    expect(await scrub({ path: here.root })).toMatchObject({ damages: [], lost: { pins: [], tree: false } })

    const second = raw(body.slice(1 << 20, 2 << 20))
    const segment = join(here.root, 'segment-0000000001')
    const at = placeOf(segment, second.bytes)
    flip(segment, at + 77_777)
    const seen: number[] = []
    const report = await scrub({ path: here.root, onProgress: ({ bytes }) => seen.push(bytes) })
    expect(report.damages).toMatchObject([{ cid: second.cid, segment: 1, bytes: 1 << 20 }])
    expect(report.damages[0]?.offset).toBeLessThan(at)
    expect(at - (report.damages[0]?.offset ?? 0)).toBeLessThan(100)
    expect(report.lost).toEqual({ pins: [file], tree: false })
    expect(seen.at(-1)).toBe(report.bytes)

    await using again = opened({ path: here.root })
    const { body: part } = await again.store.content.read(context(), file, { range: { from: 0, to: 1 << 20 } })
    expect((await collected(part)).byteLength).toBe(1 << 20)
    const whole = await again.store.content.read(context(), file, {})
    expect(await codeOf(collected(whole.body))).toBe('Corrupt')
    // Nobody knows what is below a damaged node, but of a leaf there is nothing below.
    expect(await all(again.store.blocks.collect(context()))).toEqual([])
    await again.store.blocks.put(context(), second.cid, second.bytes)
    const healed = await again.store.content.read(context(), file, {})
    expect(Buffer.from(body).equals(await collected(healed.body))).toBe(true)
    expect((await scrub({ path: here.root })).damages).toEqual([])
  })

  it('in a node lets nothing be collected, and says which block it is', async () => {
    await using here = opened()
    const leaf = raw('the leaf')
    const node = encodeNode('dag-cbor', { link: { '/': leaf.cid }, text: 'find me here' })
    for (const { cid, bytes } of [leaf, node, raw('garbage')]) await here.store.blocks.put(context(), cid, bytes)
    await here.store.pins.add(context(), node.cid, {})
    await here.store.close()
    const segment = join(here.root, 'segment-0000000001')
    flip(segment, placeOf(segment, new TextEncoder().encode('find me here')))
    await using again = opened({ path: here.root })
    await expect(all(again.store.blocks.collect(context()))).rejects.toMatchObject({
      code: 'Corrupt',
      message: expect.stringContaining(node.cid),
    })
    expect(await again.store.blocks.has(context(), raw('garbage').cid)).toBe(true)
    await again.store.blocks.put(context(), node.cid, node.bytes)
    expect((await all(again.store.blocks.collect(context()))).map(({ cid }) => cid)).toEqual([raw('garbage').cid])
    expect(await again.store.blocks.get(context(), leaf.cid)).toEqual(leaf.bytes)
  })

  it('stops a scrub that is cancelled', async () => {
    await using here = opened()
    for (let at = 0; at < 10; at++) await here.store.blocks.put(context(), raw(`${at}`).cid, raw(`${at}`).bytes)
    const stop = new AbortController()
    const scrubbing = scrub({ path: here.root, signal: stop.signal, onProgress: () => stop.abort() })
    await expect(scrubbing).rejects.toMatchObject({ name: 'AbortError' })
  })
})

describe('a folder', () => {
  it('of something else is refused, and left alone', async () => {
    const root = temporaryRoot()
    mkdirSync(join(root, 'other'))
    writeFileSync(join(root, 'segment-0000000001'), 'something else')
    await using here = opened({ path: root })
    expect(await codeOf(here.put('a', 'b'))).toBe('Corrupt')
    expect(readFileSync(join(root, 'segment-0000000001'), 'utf8')).toBe('something else')
    rmSync(root, { recursive: true })
  })

  it('that is missing is NotFound where it must not be made', async () => {
    await using here = opened({ path: join(temporaryRoot(), 'none'), create: false })
    expect(await codeOf(here.store.stat(context(), '' as never, {}))).toBe('NotFound')
    expect(await codeOf(here.put('a', 'b'))).toBe('NotFound')
  })
})
