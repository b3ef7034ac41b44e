import { rmSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { contentBackend } from '../src/content-backend.ts'
import { all, codeOf, context, key, opened, sample, source, temporaryRoot } from './support.ts'

const options = { create: true, durable: 'process', readOnly: false, profile: 'unixfs-v1-2025', keep: {} } as const

describe('the tree', () => {
  it('has a history that is there after closing: told, compared, and gone back to', async () => {
    const path = temporaryRoot()
    const write = async (name: string, text: string): Promise<void> => {
      const store = contentBackend({ ...options, path, keep: { last: 4 } })
      await store.write?.(context(), key(name), source(text), {})
      await store.close?.()
    }
    for (const text of ['one', 'two', 'three']) await write('dir/file', text)
    await write('other', 'x')
    await using here = opened({ path, keep: { last: 4 } })
    const store = contentBackend({ ...options, path, readOnly: true, keep: { last: 4 } })
    const kept = await all(store.history(context()))
    expect(kept.length).toBe(4)
    const [newest, third, , first] = kept
    expect((await store.head(context()))?.cid).toBe(newest?.cid)
    expect(await all(store.diff(third?.cid, newest?.cid ?? '', context()))).toMatchObject([
      { path: 'other', change: 'added', kind: 'file' },
    ])
    expect((await all(store.diff(first?.cid, third?.cid ?? '', context()))).map(({ path: at }) => at)).toContain(
      'dir/file',
    )
    await store.close?.()

    const writer = contentBackend({ ...options, path, keep: { last: 4 } })
    await writer.restore('dir/file', first?.cid ?? '', { message: 'back' }, context())
    expect((await writer.head(context()))?.message).toBe('back')
    await writer.close?.()
    expect(await here.get('dir/file')).toBe('one')
    expect(await here.get('other')).toBe('x')
    // Five commits by now, of which four are kept: the first is gone, but not what it is part of.
    expect(await codeOf(here.get('dir/file', first?.cid))).toBe('NotFound')
    await all(here.store.blocks.collect(context()))
    expect(await here.get('dir/file')).toBe('one')
    await here.store.close()
    rmSync(path, { recursive: true })
  })

  it('makes the CIDs of the older profile where it is told to (B-IPFS-6)', async () => {
    await using old = opened({ profile: 'unixfs-v0-2015' })
    await old.put('file', sample('body', 300_000))
    const entry = await old.store.stat(context(), key('file'), {})
    expect(entry.cid?.startsWith('Qm')).toBe(true)
    await using again = opened({ profile: 'unixfs-v1-2025' })
    await again.put('file', sample('body', 300_000))
    expect((await again.store.stat(context(), key('file'), {})).cid?.startsWith('bafk')).toBe(true)
  })

  it('shares its blocks with content: a file is read by its CID too', async () => {
    await using here = opened()
    await here.put('file', 'the same bytes')
    const { cid = '' } = await here.store.stat(context(), key('file'), {})
    const { body } = await here.store.content.read(context(), cid, {})
    expect(new TextDecoder().decode(body as Uint8Array)).toBe('the same bytes')
    const { usedBytes = 0 } = await here.store.usage(context())
    await here.store.content.put(context(), source('the same bytes'), { profile: 'unixfs-v1-2025' })
    expect((await here.store.usage(context())).usedBytes).toBe(usedBytes)
  })

  it('goes on with what others wait for when one call is given up', async () => {
    await using here = opened({ durable: 'power' })
    const stop = new AbortController()
    const calls = Array.from({ length: 20 }, (_, at) =>
      codeOf(here.store.write(context(at % 2 === 0 ? stop.signal : undefined), key(`${at}`), source(`${at}`), {})),
    )
    stop.abort()
    const codes = await Promise.all(calls)
    expect(codes.filter((_, at) => at % 2 === 1)).toEqual(Array.from({ length: 10 }, () => 'success'))
    await all(here.store.blocks.collect(context()))
    for (let at = 1; at < 20; at += 2) expect(await here.get(`${at}`)).toBe(`${at}`)
  })

  it('is closed for everybody, and says so', async () => {
    const here = opened()
    await here.put('file', 'x')
    await here.store.close()
    await here.store.close()
    expect(await codeOf(here.get('file'))).toBe('Aborted')
    expect(await codeOf(here.put('file', 'y'))).toBe('Aborted')
    await here[Symbol.asyncDispose]()
  })
})
