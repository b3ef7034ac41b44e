import { isStorageError, openStore } from '@kit/core'
import { describe, expect, it } from 'vitest'
import { plugin } from '../src/index.ts'

describe('the memory backend', () => {
  it('takes no more bytes than it was told, replaced and deleted ones not counted', async () => {
    await using store = await openStore(plugin({ maxBytes: '1 KiB' }))
    await store.write('a', new Uint8Array(1000))
    await store.write('a', new Uint8Array(1024))
    const error: unknown = await store.write('b', 'x').catch((reason: unknown) => reason)
    expect(isStorageError(error) && error.code).toBe('QuotaExceeded')
    await expect(store.usage()).resolves.toEqual({ usedBytes: 1024, objects: 1, totalBytes: 1024 })
    await store.delete('a')
    await store.write('b', new Uint8Array(1024))
    await expect(store.append('b', 'x')).rejects.toMatchObject({ code: 'QuotaExceeded' })
    await expect(store.copy('b', 'c')).rejects.toMatchObject({ code: 'QuotaExceeded' })
    await store.move('b', 'b')
    await expect(store.usage()).resolves.toMatchObject({ usedBytes: 1024, objects: 1 })
  })

  it('moves a full object within its quota', async () => {
    await using store = await openStore(plugin({ maxBytes: 10 }))
    await store.write('a', new Uint8Array(10))
    await store.move('a', 'b')
    await expect(store.usage()).resolves.toMatchObject({ usedBytes: 10, objects: 1 })
  })

  it('makes each instance a store of its own', async () => {
    const spec = plugin({})
    await using one = await openStore(spec)
    await using other = await openStore(spec)
    await one.write('key', 'x')
    await expect(other.stat('key')).rejects.toMatchObject({ code: 'NotFound' })
  })

  it('lists a hundred thousand objects in a second or little more', async () => {
    await using store = await openStore(plugin({}))
    for (let index = 0; index < 100_000; index++) await store.write(`d${index % 100}/n${index}`, '')
    const begun = performance.now()
    let found = 0
    for await (const entry of store.list('', { recursive: true })) if (entry.kind === 'file') found++
    expect(found).toBe(100_000)
    expect(performance.now() - begun).toBeLessThan(5000)
  })
})
