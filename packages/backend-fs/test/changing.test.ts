import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { codeOf, context, key, leftOver, methods, openBelow, openStore, source } from './support.ts'

describe('delete', () => {
  it('counts what is not there as success, keeps the parents, and removes no directory', async () => {
    await using store = openStore()
    const { delete: remove } = methods(store.backend)
    await store.put('a/b', 'c')
    await remove(context(), key('a/b'), {})
    await remove(context(), key('a/b'), {})
    await remove(context(), key('no/ne'), {})
    expect(await store.names()).toEqual(['a'])
    expect(await codeOf(remove(context(), key('a'), {}))).toBe('IsDirectory')
    expect(await codeOf(remove(context(), key(''), {}))).toBe('IsDirectory')
  })

  it('removes a link itself', async () => {
    await using store = openStore()
    await store.put('target', 'x')
    symlinkSync('target', join(store.root, 'link'))
    await methods(store.backend).delete(context(), key('link'), {})
    expect(await store.names()).toEqual(['target'])
  })
})

describe('copy and move', () => {
  it('copy gives another object with the attributes, and pins the source by `fromEtag`', async () => {
    await using store = openStore()
    const { copy } = methods(store.backend)
    const from = await store.put('a', 'text', { modified: new Date(1e12), mode: 0o640 })
    const to = await copy(context(), key('a'), key('d/b'), { fromEtag: from.etag })
    expect(to).toMatchObject({ key: 'd/b', size: 4, mode: 0o640, modified: new Date(1e12) })
    expect(await store.stat('d/b')).toEqual(to)
    await store.put('a', 'other')
    expect(await store.get('d/b')).toBe('text')
    expect(await codeOf(copy(context(), key('a'), key('e'), { fromEtag: from.etag }))).toBe('ConditionFailed')
    expect(await codeOf(copy(context(), key('none'), key('e'), {}))).toBe('NotFound')
    expect(await codeOf(copy(context(), key('d'), key('e'), {}))).toBe('IsDirectory')
    expect(await codeOf(copy(context(), key('a'), key('d/b'), { ifAbsent: true }))).toBe('AlreadyExists')
    expect(leftOver(store.root)).toEqual([])
  })

  it('move takes the old name away, and does nothing onto itself', async () => {
    await using store = openStore()
    const { move } = methods(store.backend)
    const before = await store.put('a', 'text')
    expect(await move(context(), key('a'), key('a'), {})).toEqual(before)
    const moved = await move(context(), key('a'), key('d/b'), {})
    expect(await store.stat('d/b')).toEqual(moved)
    expect(await codeOf(store.stat('a'))).toBe('NotFound')
    const again = await move(context(), key('d/b'), key('c'), { ifAbsent: true })
    expect(await store.stat('c')).toEqual(again)
    expect(await store.names()).toEqual(['c', 'd'])
    expect(await codeOf(move(context(), key('none'), key('x/y'), {}))).toBe('NotFound')
    expect(await codeOf(move(context(), key('d'), key('x'), {}))).toBe('IsDirectory')
    expect(await codeOf(move(context(), key('c'), key('d'), {}))).toBe('IsDirectory')
    expect(await codeOf(move(context(), key('c'), key('c'), { ifAbsent: true }))).toBe('AlreadyExists')
    expect(await store.names()).toEqual(['c', 'd'])
  })
})

describe('update, directories, links, usage', () => {
  it('update sets the named attributes and leaves the bytes', async () => {
    await using store = openStore()
    const { update } = methods(store.backend)
    await store.put('a', 'text', { mode: 0o600 })
    const later = await update(context(), key('a'), { modified: new Date(5e11) })
    expect(later).toMatchObject({ modified: new Date(5e11), mode: 0o600, size: 4 })
    expect(await update(context(), key('a'), { mode: 0o644 })).toMatchObject({ modified: new Date(5e11), mode: 0o644 })
    expect(await codeOf(update(context(), key('none'), { mode: 0o644 }))).toBe('NotFound')
    symlinkSync('a', join(store.root, 'link'))
    expect(await codeOf(update(context(), key('link'), { mode: 0o600 }))).toBe('Unsupported')
  })

  it('directories are made with their parents and removed when they are empty', async () => {
    await using store = openStore()
    const { directories } = methods(store.backend)
    await directories?.make(context(), key('a/b'))
    await directories?.make(context(), key('a/b'))
    await store.put('f', '')
    expect(await codeOf(directories?.make(context(), key('f')) ?? Promise.resolve())).toBe('AlreadyExists')
    expect(await codeOf(directories?.make(context(), key('f/x')) ?? Promise.resolve())).toBe('NotDirectory')
    const remove = (name: string): Promise<string> =>
      codeOf(directories?.remove(context(), key(name)) ?? Promise.resolve())
    expect(await remove('a')).toBe('NotEmpty')
    expect(await remove('f')).toBe('NotDirectory')
    expect(await remove('none')).toBe('NotFound')
    expect(await remove('a/b')).toBe('success')
    expect(await store.names()).toEqual(['a', 'f'])
  })

  it('links are kept as they are spelt, read through below the root, and never followed out of it', async () => {
    await using store = openStore()
    const { links } = methods(store.backend)
    await store.put('d/file', 'text')
    await links?.make(context(), key('in'), 'd/file')
    await links?.make(context(), key('out'), '/etc/hostname')
    await links?.make(context(), key('nowhere'), 'none')
    await links?.make(context(), key('circle'), 'circle')
    expect(await store.stat('in')).toMatchObject({ kind: 'link', target: 'd/file' })
    expect(await store.get('in')).toBe('text')
    expect(await codeOf(store.get('out'))).toBe('PermissionDenied')
    expect(await codeOf(store.get('nowhere'))).toBe('NotFound')
    expect(await codeOf(store.get('circle'))).toBe('NotFound')
    expect((await store.entries()).find((entry) => entry.key === 'out')).toMatchObject({
      kind: 'link',
      target: '/etc/hostname',
    })
    expect(await codeOf(links?.make(context(), key('in'), 'x') ?? Promise.resolve())).toBe('AlreadyExists')
  })

  it('usage tells what the filesystem tells', async () => {
    await using store = openStore()
    const { totalBytes = 0, freeBytes = 0, usedBytes } = await methods(store.backend).usage(context())
    expect(totalBytes).toBeGreaterThan(freeBytes)
    expect(usedBytes).toBeUndefined()
    await methods(store.backend).ping(context())
  })

  it('rejects at once what is aborted already, and everything after closing', async () => {
    await using store = openStore()
    await store.put('x', 'y')
    const all = methods(store.backend)
    const calls = (signal?: AbortSignal): Promise<unknown>[] => [
      all.stat(context(signal), key('x'), {}),
      all.read(context(signal), key('x'), {}),
      all.write(context(signal), key('x'), source('z'), {}),
      all.delete(context(signal), key('x'), {}),
      all.copy(context(signal), key('x'), key('y'), {}),
      all.move(context(signal), key('x'), key('y'), {}),
      all.update(context(signal), key('x'), {}),
      all.usage(context(signal)),
      all.open(context(signal), key('x'), 'read'),
      all.list(context(signal), key(''), {})[Symbol.asyncIterator]().next(),
      all.changes(context(signal))[Symbol.asyncIterator]().next(),
    ]
    for (const call of calls(AbortSignal.abort())) expect(await codeOf(call)).toBe('Aborted')
    expect(await store.names()).toEqual(['x'])
    await all.close()
    await all.close()
    for (const call of calls()) expect(await codeOf(call)).toBe('Aborted')
    expect(openBelow(store.root)).toEqual([])
  })

  it('sees what others do to the folder', async () => {
    await using store = openStore()
    mkdirSync(join(store.root, 'd'))
    writeFileSync(join(store.root, 'd/x'), 'foreign')
    const { etag } = await store.stat('d/x')
    utimesSync(join(store.root, 'd/x'), 1, 1)
    expect((await store.stat('d/x')).etag).not.toBe(etag)
    expect(await store.get('d/x')).toBe('foreign')
  })
})
