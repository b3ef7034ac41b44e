import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { hashOf } from '../src/fs-client.ts'
import { ownerName, ownerState } from '@kit/core/node'
import { codeOf, context, key, leftOver, methods, openBelow, openStore, source, temporaryRoot } from './support.ts'
import { killed, run, start } from './processes/run.ts'

const host = hostname().replaceAll(/[^A-Za-z0-9.]/g, '_')
const deadOwner = `${host}-${process.pid}-1`

describe('ifAbsent', () => {
  it('lets exactly one of 50 racing writers of 4 processes win', async () => {
    const root = temporaryRoot()
    const rounds = 20
    const wins = await Promise.all([13, 13, 12, 12].map((writers) => run('create', root, `${rounds}`, `${writers}`)))
    expect(wins.reduce((sum, text) => sum + Number(text), 0)).toBe(rounds)
    expect(leftOver(root)).toEqual([])
    rmSync(root, { recursive: true })
  })

  it('is AlreadyExists where anything is', async () => {
    await using store = openStore()
    mkdirSync(join(store.root, 'directory'))
    symlinkSync('none', join(store.root, 'link'))
    for (const name of ['directory', 'link']) {
      expect(await codeOf(store.put(name, 'x', { ifAbsent: true }))).toBe('AlreadyExists')
    }
    expect(leftOver(store.root)).toEqual([])
  })
})

describe('ifMatch', () => {
  it('lets no write go by unseen: write, delete, copy and move check it, and a missing object fails it', async () => {
    await using store = openStore()
    const all = methods(store.backend)
    const { etag = '' } = await store.put('x', '1')
    await store.put('source', 's')
    await store.put('x', '2')
    const call = (ifMatch: string, to = 'x'): Promise<string[]> =>
      Promise.all([
        codeOf(store.put(to, '3', { ifMatch })),
        codeOf(all.delete(context(), key(to), { ifMatch })),
        codeOf(all.copy(context(), key('source'), key(to), { ifMatch })),
        codeOf(all.move(context(), key('source'), key(to), { ifMatch })),
      ])
    const failed = ['ConditionFailed', 'ConditionFailed', 'ConditionFailed', 'ConditionFailed']
    expect(await call(etag)).toEqual(failed)
    expect(await call(etag, 'none')).toEqual(failed)
    expect(await call(etag, 'no/ne')).toEqual(failed)
    expect(await store.get('x')).toBe('2')
    const now = (await store.stat('x')).etag ?? ''
    const codes = await call(now)
    expect(codes.filter((code) => code === 'success')).toHaveLength(1)
    expect(leftOver(store.root)).toEqual([])
  })

  it('loses none of 200 increments of 4 processes', async () => {
    const root = temporaryRoot()
    writeFileSync(join(root, 'x'), '0')
    await Promise.all([1, 2, 3, 4].map(() => run('increment', root, 'x', '50', '2')))
    await using store = openStore({ path: root })
    expect(await store.get('x')).toBe('200')
    expect(leftOver(root)).toEqual([])
    rmSync(root, { recursive: true })
  })

  it('makes other changes of the store wait their turn', async () => {
    await using store = openStore()
    const { etag } = await store.put('x', '0')
    const codes = await Promise.all([
      codeOf(store.put('x', 'unconditional')),
      codeOf(store.put('x', 'conditional', { ifMatch: etag })),
      codeOf(store.put('x', 'unconditional')),
    ])
    expect(codes[0]).toBe('success')
    expect(codes[2]).toBe('success')
    // Either it came first, or it saw the change.
    expect(await store.get('x')).toBe('unconditional')
  })
})

describe('locks', () => {
  const lockOf = (root: string, name: string): string => join(root, '.kit/locks', hashOf(name))

  it('of dead owners of this host are broken', async () => {
    await using store = openStore()
    const { etag } = await store.put('x', '0')
    mkdirSync(join(store.root, '.kit/locks'))
    symlinkSync(`${deadOwner}.abc`, lockOf(store.root, 'x'))
    expect((await store.put('x', '1', { ifMatch: etag })).size).toBe(1)
    expect(readdirSync(join(store.root, '.kit/locks'))).toEqual([])
  })

  it('are broken also where another died while it broke one', async () => {
    await using store = openStore()
    const { etag } = await store.put('x', '0')
    const lock = lockOf(store.root, 'x')
    mkdirSync(`${lock}.break`, { recursive: true })
    symlinkSync('-', join(`${lock}.break`, `${deadOwner}.abc`))
    symlinkSync(`${deadOwner}.abc`, lock)
    expect((await store.put('x', '1', { ifMatch: etag })).size).toBe(1)
    expect(readdirSync(join(store.root, '.kit/locks'))).toEqual([])
  })

  it('of dead owners are broken by one of many, and nobody enters twice', async () => {
    const root = temporaryRoot()
    writeFileSync(join(root, 'x'), '0')
    mkdirSync(join(root, '.kit/locks'), { recursive: true })
    symlinkSync(`${deadOwner}.abc`, lockOf(root, 'x'))
    await Promise.all([1, 2, 3, 4].map(() => run('increment', root, 'x', '10', '2')))
    await using store = openStore({ path: root })
    expect(await store.get('x')).toBe('40')
    rmSync(root, { recursive: true })
  })

  it('of live owners and of other hosts are waited for until the call is aborted', async () => {
    for (const owner of [`${ownerName()}.other`, 'elsewhere-1-1.abc', 'no owner at all']) {
      await using store = openStore()
      const { etag } = await store.put('x', '0')
      mkdirSync(join(store.root, '.kit/locks'))
      symlinkSync(owner, lockOf(store.root, 'x'))
      const signal = AbortSignal.timeout(100)
      const write = methods(store.backend).write(context(signal), key('x'), source('1'), { ifMatch: etag })
      expect(await codeOf(write)).toBe('Aborted')
      // Another key is free.
      expect(await codeOf(store.put('y', '1', { ifMatch: '"none"' }))).toBe('ConditionFailed')
      expect(await store.get('x')).toBe('0')
      expect(leftOver(store.root)).toEqual([`locks/${hashOf('x')}`])
    }
  })
})

describe('owners', () => {
  it('are dead only when that is certain', () => {
    expect(ownerState(ownerName())).toBe('alive')
    expect(ownerState(`${ownerName()}.abc`)).toBe('alive')
    expect(ownerState(deadOwner)).toBe('dead')
    expect(ownerState(`${host}-4194303-1`)).toBe('dead')
    expect(ownerState('elsewhere-4194303-1')).toBe('unknown')
    expect(ownerState('whatever')).toBe('unknown')
  })
})

describe('a killed writer', () => {
  it('leaves the old value or the new one, and after reopening nothing else', { timeout: 60_000 }, async () => {
    const size = 300_000
    for (let point = 0; point < 10; point++) {
      const root = temporaryRoot()
      mkdirSync(join(root, 'd'))
      writeFileSync(join(root, 'd/x'), Buffer.alloc(size, 65))
      await killed(start('write-on', root, `${size}`), point * 7)
      await using store = openStore({ path: root })
      expect([`65,${size}`, `66,${size}`]).toContain(described(await store.get('d/x')))
      await store.put('another', '')
      expect(leftOver(root)).toEqual([])
      const { etag } = await store.stat('d/x')
      await store.put('d/x', 'free', { ifMatch: etag })
      for (const { kind, size: length } of await store.entries('new'))
        expect(kind === 'directory' || length === size).toBe(true)
      rmSync(root, { recursive: true })
    }
  })

  it('of another host, or one that lives, keeps its temporaries', async () => {
    await using store = openStore()
    for (const owner of ['elsewhere-1-1', ownerName(), deadOwner]) {
      mkdirSync(join(store.root, '.kit/tmp', owner), { recursive: true })
      writeFileSync(join(store.root, '.kit/tmp', owner, 'file'), '')
    }
    await store.put('x', '')
    expect(existsSync(join(store.root, '.kit/tmp', deadOwner))).toBe(false)
    expect(leftOver(store.root).toSorted()).toEqual([`tmp/elsewhere-1-1/file`, `tmp/${ownerName()}/file`].toSorted())
  })
})

describe('readers', () => {
  it('never see a part of an object that is written over', async () => {
    await using store = openStore()
    const size = 400_000
    const values = [65, 66].map((value) => new Uint8Array(size).fill(value))
    await store.put('d/x', values[0] ?? '')
    const state = { writing: true }
    const seen = new Set<string>()
    const readers = [1, 2, 3, 4].map(async () => {
      while (state.writing) seen.add(described(await store.get('d/x')))
    })
    for (let round = 0; round < 60; round++) await store.put('d/x', values[round % 2] ?? '')
    state.writing = false
    await Promise.all(readers)
    expect([...seen].filter((value) => value !== `65,${size}` && value !== `66,${size}`)).toEqual([])
    expect(openBelow(store.root).filter((path) => path.includes('/d/'))).toEqual([])
  })
})

/** The one character it consists of, and how many. */
function described(text: string): string {
  const [first = ''] = text
  return text === first.repeat(text.length) ? `${first.charCodeAt(0)},${text.length}` : 'mixed'
}
