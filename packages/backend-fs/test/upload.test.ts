import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { UploadToken } from '@kit/core'
import { describe, expect, it } from 'vitest'
import { partBytesFor, partMaxBytes, partsMax } from '../src/upload-record.ts'
import { run } from './processes/run.ts'
import { inParts, partOf } from './script.ts'
import { bytes, codeOf, context, key, leftOver, methods, openBelow, openStore, source, stream } from './support.ts'
import { temporaryRoot, type Store } from './support.ts'

function uploadOf(store: Store) {
  const { upload } = methods(store.backend)
  if (upload?.list === undefined) throw new Error('no uploads')
  return { ...upload, list: upload.list }
}

function folderOf(store: Store, { state }: UploadToken): string {
  return join(store.root, '.kit/uploads', String(state))
}

async function tokens(store: Store): Promise<UploadToken[]> {
  const found: UploadToken[] = []
  for await (const token of uploadOf(store).list(context())) found.push(token)
  return found
}

async function sendAll(store: Store, token: UploadToken): Promise<void> {
  const { part } = uploadOf(store)
  await Promise.all([2, 3, 1].map((number) => part(context(), token, number, partOf(number))))
}

/** Makes the upload's record say something else. */
function editRecord(store: Store, token: UploadToken, changes: object): void {
  const path = join(folderOf(store, token), 'start')
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...changes }))
}

describe('the size of parts', () => {
  it('is the usual one, until an object would have more than 64, or more than there may be', () => {
    const mebibyte = 2 ** 20
    expect(partBytesFor(undefined, 8 * mebibyte)).toBe(8 * mebibyte)
    expect(partBytesFor(512 * mebibyte, 8 * mebibyte)).toBe(8 * mebibyte)
    expect(partBytesFor(4096 * mebibyte, 8 * mebibyte)).toBe(64 * mebibyte)
    for (const size of [513 * mebibyte, 2 ** 40, 2 ** 44 + 1, partsMax * partMaxBytes]) {
      const partBytes = partBytesFor(size, 8 * mebibyte)
      expect(partBytes * partsMax).toBeGreaterThanOrEqual(size)
      expect(partBytes % mebibyte).toBe(0)
      expect(partBytes).toBeLessThanOrEqual(partMaxBytes)
    }
  })
})

describe('an upload', () => {
  it('outlives the store that began it, and keeps what was said at the start', async () => {
    const path = temporaryRoot()
    const modified = new Date('2001-02-03T04:05:06.789Z')
    {
      await using store = openStore({ path })
      const { start, part } = uploadOf(store)
      const options = { mode: 0o600, modified, sourceVersion: 'v1', size: inParts.length }
      const token = await start(context(), key('d/e'), options)
      await part(context(), token, 3, partOf(3))
    }
    await using store = openStore({ path })
    const [token] = await tokens(store)
    if (token === undefined) throw new Error('it is not listed')
    expect(token).toMatchObject({ key: 'd/e', partBytes: 1000, sourceVersion: 'v1' })
    expect(Date.parse(token.expires ?? '') - Date.now()).toBeGreaterThan(6.9 * 24 * 3600 * 1000)
    const { parts, part, finish } = uploadOf(store)
    expect(await parts(context(), token)).toEqual([{ number: 3, size: 500 }])
    for (const number of [1, 2]) await part(context(), token, number, partOf(number))
    expect(await finish(context(), token)).toMatchObject({ key: 'd/e', size: 2500, mode: 0o600, modified })
    expect(await store.get('d/e')).toBe(inParts)
    expect(leftOver(path)).toEqual([])
    rmSync(path, { recursive: true })
  })

  it('is worked on by several processes at once, each part in the end whole', async () => {
    await using store = openStore()
    const { start, parts, finish } = uploadOf(store)
    const token = await start(context(), key('x'), {})
    await Promise.all(
      ['A', 'B', 'C'].map((letter) => run('parts', store.root, JSON.stringify(token), letter, '6', '5')),
    )
    expect(await parts(context(), token)).toEqual([1, 2, 3, 4, 5, 6].map((number) => ({ number, size: 1000 })))
    await finish(context(), token)
    const text = await store.get('x')
    expect(text).toHaveLength(6000)
    for (let at = 0; at < 6000; at += 1000)
      expect(['A', 'B', 'C']).toContain(text.slice(at, at + 1000).replaceAll(/(.)\1*/g, '$1'))
    expect(leftOver(store.root)).toEqual([])
  })

  it('is not finished under a part that is being written, nor written to while it is finished', async () => {
    await using store = openStore()
    const { start, part, finish } = uploadOf(store)
    const token = await start(context(), key('x'), {})
    let go = (): void => {}
    const gate = new Promise<void>((resolve) => (go = resolve))
    const slow = async function* () {
      yield bytes('slow ')
      await gate
      yield bytes('part')
    }
    const writing = part(context(), token, 1, stream(slow()))
    await expect.poll(() => readdirSync(folderOf(store, token)).some((name) => /^[0-9a-f]{40}$/.test(name))).toBe(true)
    expect(await codeOf(Promise.resolve(finish(context(), token)))).toBe('Conflict')
    go()
    await writing
    await finish(context(), token)
    expect(await store.get('x')).toBe('slow part')
  })

  it('takes no part that comes after it was aborted, and leaves nothing of it', async () => {
    await using store = openStore()
    const { start, part, abort } = uploadOf(store)
    const token = await start(context(), key('x'), {})
    const late = async function* () {
      yield bytes('late')
      await abort(context(), token)
    }
    expect(await codeOf(part(context(), token, 1, stream(late())))).toBe('NotFound')
    expect(leftOver(store.root)).toEqual([])
    expect(openBelow(store.root).filter((path) => path.includes('body'))).toEqual([])
  })

  it('takes no part that is longer than the others may be, whatever the token says', async () => {
    await using store = openStore()
    const { start, part, parts, abort } = uploadOf(store)
    const token = await start(context(), key('x'), {})
    expect(await codeOf(part(context(), token, 1, stream(['y'.repeat(1001)])))).toBe('TooLarge')
    expect(await codeOf(part(context(), { ...token, partBytes: 5000 }, 1, stream(['y'])))).toBe('NotFound')
    for (const number of [0, -1, 1.5, partsMax + 1, Number.NaN]) {
      expect(await codeOf(part(context(), token, number, stream(['y'])))).toBe('InvalidRange')
    }
    expect(await parts(context(), token)).toEqual([])
    await abort(context(), token)
  })

  it('is reached by its own ID alone: a made-up state leads to no other folder, even one that looks like an upload', async () => {
    await using store = openStore()
    const { start, parts, part, finish, abort } = uploadOf(store)
    const token = await start(context(), key('x'), {})
    const id = String(token.state)
    cpSync(folderOf(store, token), join(store.root, 'decoy'), { recursive: true })
    cpSync(folderOf(store, token), join(store.root, '.kit/uploads/decoy'), { recursive: true })
    const states = [
      '../../decoy',
      'decoy',
      `../uploads/${id}`,
      `${id}/`,
      `./${id}`,
      `${id}/../${id}`,
      id.toUpperCase(),
      [id],
      { id },
      1,
    ]
    for (const state of states) {
      const made = { ...token, state }
      const calls = [part(context(), made, 1, source('y')), parts(context(), made), finish(context(), made)]
      const codes = await Promise.all(calls.map((call) => codeOf(Promise.resolve(call))))
      expect([state, ...codes]).toEqual([state, 'NotFound', 'NotFound', 'NotFound'])
      expect(await codeOf(abort(context(), made))).toBe('success')
    }
    for (const folder of ['decoy', '.kit/uploads/decoy', `.kit/uploads/${id}`]) {
      expect(readdirSync(join(store.root, folder)).toSorted()).toEqual(['body', 'start'])
    }
    rmSync(join(store.root, '.kit/uploads/decoy'), { recursive: true })
    await abort(context(), token)
  })

  it('goes on after whoever wrote a part or finished it was killed', async () => {
    const dead = `${(await import('@kit/core/node')).ownerName().replace(/[0-9a-f_]+$/, '1')}.abc`
    const { hashOf } = await import('../src/fs-client.ts')
    await using store = openStore()
    const { start, finish } = uploadOf(store)
    const token = await start(context(), key('x'), {})
    for (const what of ['1', '3', 'finish']) symlinkSync(dead, join(folderOf(store, token), hashOf(what)))
    await sendAll(store, token)
    for (const what of ['2', 'finish']) symlinkSync(dead, join(folderOf(store, token), hashOf(what)))
    await finish(context(), token)
    expect(await store.get('x')).toBe(inParts)
    expect(leftOver(store.root)).toEqual([])
  })

  it('counts a part only in the run of the system that may have it in memory, unless it was synced', async () => {
    await using store = openStore()
    const { start, part, parts, finish, abort } = uploadOf(store)
    const token = await start(context(), key('x'), {})
    await sendAll(store, token)
    const folder = folderOf(store, token)
    rmSync(join(folder, 'part-2'))
    symlinkSync('1000-00000000', join(folder, 'part-2'))
    rmSync(join(folder, 'part-3'))
    symlinkSync('500', join(folder, 'part-3'))
    symlinkSync('1000', join(folder, 'part-04'))
    symlinkSync('/etc/passwd', join(folder, 'part-5'))
    expect(await parts(context(), token)).toEqual([
      { number: 1, size: 1000 },
      { number: 3, size: 500 },
    ])
    expect(await codeOf(Promise.resolve(finish(context(), token)))).toBe('InvalidRange')
    await part(context(), token, 2, partOf(2))
    await finish(context(), token)
    expect(await store.get('x')).toBe(inParts)
    await abort(context(), token)
  })

  it('that was finished, but not removed, does not touch the object any more', async () => {
    await using store = openStore()
    const { start, part, finish } = uploadOf(store)
    const token = await start(context(), key('x'), { ifAbsent: true })
    await sendAll(store, token)
    // As a kill between the two steps leaves it: the object's file has both names.
    const { linkSync } = await import('node:fs')
    linkSync(join(folderOf(store, token), 'body'), join(store.root, 'x'))
    expect(await codeOf(part(context(), token, 1, partOf(2)))).toBe('NotFound')
    expect(await codeOf(Promise.resolve(finish(context(), token)))).toBe('NotFound')
    expect(await store.get('x')).toBe(inParts)
    expect(await tokens(store)).toEqual([])
    expect(leftOver(store.root)).toEqual([])
    expect(await store.get('x')).toBe(inParts)
  })

  it('keeps the mode of its file while it cannot be finished', async () => {
    await using store = openStore()
    const { start, finish } = uploadOf(store)
    const token = await start(context(), key('x'), { mode: 0o400, ifAbsent: true })
    await sendAll(store, token)
    await store.put('x', 'first')
    expect(await codeOf(Promise.resolve(finish(context(), token)))).toBe('AlreadyExists')
    expect(statSync(join(folderOf(store, token), 'body')).mode & 0o600).toBe(0o600)
    await methods(store.backend).delete(context(), key('x'), {})
    expect(await finish(context(), token)).toMatchObject({ mode: 0o400 })
  })
})

describe('uploads that have ended', () => {
  it('by time are NotFound, are not listed, and are removed by the next store that writes', async () => {
    const path = temporaryRoot()
    let live = ''
    {
      await using store = openStore({ path })
      const { start, part } = uploadOf(store)
      const [old, fresh] = [await start(context(), key('old'), {}), await start(context(), key('fresh'), {})]
      live = folderOf(store, fresh)
      editRecord(store, old, { expires: new Date(Date.now() - 1000).toISOString() })
      expect(await codeOf(part(context(), old, 1, source('x')))).toBe('NotFound')
      expect(existsSync(folderOf(store, old))).toBe(true)
    }
    {
      await using store = openStore({ path })
      await store.put('another', 'x')
      expect(readdirSync(join(path, '.kit/uploads'))).toHaveLength(1)
      expect(existsSync(join(live, 'body'))).toBe(true)
      expect((await tokens(store)).map((token) => token.key)).toEqual(['fresh'])
    }
    rmSync(path, { recursive: true })
  })

  it('by a torn record or a missing file are removed; what is of a newer Kit, or none of ours, stays', async () => {
    await using store = openStore()
    const { start, parts, abort } = uploadOf(store)
    const made: UploadToken[] = []
    for (const name of ['torn', 'bodiless', 'newer']) made.push(await start(context(), key(name), {}))
    const [torn, bodiless, newer] = made
    if (torn === undefined || bodiless === undefined || newer === undefined) throw new Error('three were begun')
    writeFileSync(join(folderOf(store, torn), 'start'), '{"vers')
    rmSync(join(folderOf(store, bodiless), 'body'))
    editRecord(store, newer, { version: 2 })
    mkdirSync(join(store.root, '.kit/uploads/other'))
    expect(await tokens(store)).toEqual([])
    expect(readdirSync(join(store.root, '.kit/uploads')).toSorted()).toEqual([String(newer.state), 'other'].toSorted())
    expect(await codeOf(parts(context(), newer))).toBe('Unsupported')
    expect(await codeOf(abort(context(), newer))).toBe('Unsupported')
    expect(await codeOf(abort(context(), torn))).toBe('success')
  })
})
