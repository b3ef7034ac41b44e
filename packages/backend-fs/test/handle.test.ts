import { describe, expect, it } from 'vitest'
import type { Handle, HandleMode } from '@kit/core'
import { bytes, codeOf, context, key, leftOver, methods, openBelow, openStore, type Store } from './support.ts'

const open = (store: Store, name: string, mode: HandleMode): Promise<Handle> =>
  methods(store.backend).open(context(), key(name), mode)
const text = async (handle: Handle, length = 100, at = 0): Promise<string> => {
  const into = new Uint8Array(length)
  return new TextDecoder().decode(into.subarray(0, await handle.read(context(), into, at)))
}

describe('a handle for reading', () => {
  it('reads the object as it was when it was opened', async () => {
    await using store = openStore()
    const entry = await store.put('x', 'hello')
    const handle = await open(store, 'x', 'read')
    await store.put('x', 'other')
    expect(handle.entry).toEqual(entry)
    expect(await Promise.all([text(handle), text(handle, 2, 1), text(handle, 9, 5), text(handle, 9, 99)])).toEqual([
      'hello',
      'el',
      '',
      '',
    ])
    await handle.close()
    await handle.close()
    expect(await codeOf(text(handle))).toBe('Aborted')
    expect(openBelow(store.root).filter((path) => path.includes('/x'))).toEqual([])
    expect(await codeOf(open(store, 'none', 'read'))).toBe('NotFound')
    expect(await codeOf(open(store, '', 'read'))).toBe('IsDirectory')
  })
})

describe('a handle for writing', () => {
  it('shows nothing before `publish`, and stays open after it', async () => {
    await using store = openStore()
    const { etag, mode } = await store.put('d/x', 'hello', { mode: 0o444 })
    const handle = await open(store, 'd/x', 'write')
    await handle.write?.(context(), bytes('EL'), 1)
    expect([await text(handle), await store.get('d/x')]).toEqual(['hELlo', 'hello'])
    const published = await handle.publish?.(context(), { ifMatch: etag })
    expect([await store.stat('d/x'), await store.get('d/x'), published?.mode]).toEqual([published, 'hELlo', mode])
    await handle.truncate?.(context(), 2)
    await handle.write?.(context(), bytes('!'), 4)
    expect([await text(handle), await store.get('d/x')]).toEqual(['hE\0\0!', 'hELlo'])
    expect(await codeOf(handle.publish?.(context(), { ifMatch: etag }) ?? Promise.resolve())).toBe('ConditionFailed')
    await handle.publish?.(context(), { ifMatch: published?.etag })
    expect(await store.get('d/x')).toBe('hE\0\0!')
    await handle.close()
    expect(leftOver(store.root)).toEqual([])
  })

  it('makes a new object, once', async () => {
    await using store = openStore()
    const handle = await open(store, 'new/x', 'write')
    expect(handle.entry).toMatchObject({ size: 0 })
    expect(await text(handle)).toBe('')
    expect(await store.names()).toEqual([])
    await handle.write?.(context(), bytes('one'), 0)
    await handle.publish?.(context(), { ifAbsent: true })
    expect(await store.get('new/x')).toBe('one')
    await handle.write?.(context(), bytes('two'), 0)
    expect(await codeOf(handle.publish?.(context(), { ifAbsent: true }) ?? Promise.resolve())).toBe('AlreadyExists')
    expect(await store.get('new/x')).toBe('one')
    await handle.close()
    expect(leftOver(store.root)).toEqual([])
    expect(openBelow(store.root).filter((path) => path.endsWith('x'))).toEqual([])
  })

  it('drops what was not published when it or the store is closed', async () => {
    await using store = openStore()
    await store.put('x', 'old')
    const handle = await open(store, 'x', 'write')
    await Promise.all([handle.write?.(context(), bytes('A'), 0), handle.write?.(context(), bytes('B'), 1)])
    await handle.close()
    await open(store, 'x', 'write').then((other) => other.write?.(context(), bytes('C'), 0))
    expect(await store.get('x')).toBe('old')
    await methods(store.backend).close()
    expect(leftOver(store.root)).toEqual([])
    expect(openBelow(store.root)).toEqual([])
  })
})

describe('a handle in place', () => {
  it('shows every write at once, each with an etag of its own', async () => {
    await using store = openStore()
    const handle = await open(store, 'd/x', 'in-place')
    const etags = new Set<string | undefined>()
    for (let at = 0; at < 20; at++) {
      await handle.write?.(context(), bytes(String(at % 10)), 0)
      expect(await store.get('d/x')).toBe(String(at % 10))
      etags.add((await store.stat('d/x')).etag)
    }
    expect(etags.size).toBe(20)
    await handle.truncate?.(context(), 0)
    expect(await text(handle)).toBe('')
    await handle.close()
  })
})
