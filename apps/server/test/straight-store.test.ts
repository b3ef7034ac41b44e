import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { content } from '@kit/backend-content'
import { fs } from '@kit/backend-fs'
import { openStore, type Store } from '@kit/core'
import { plan, run } from '@kit/core/transfer'
import { expect, onTestFinished, test } from 'vitest'
import { accessOf, fullAccess } from '../src/access/access.ts'
import { straightStore } from '../src/access/straight-store.ts'

/** `part/` has a file, a link to a file outside, and a link to a directory outside. */
async function place(): Promise<{ readonly folder: string; readonly whole: Store; readonly part: Store }> {
  const folder = await mkdtemp(join(tmpdir(), 'kit-straight-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await mkdir(join(folder, 'part'))
  await mkdir(join(folder, 'secret'))
  await writeFile(join(folder, 'secret/key'), 'secret')
  await writeFile(join(folder, 'part/own'), 'own')
  await symlink('../secret/key', join(folder, 'part/to-file'))
  await symlink('../secret', join(folder, 'part/to-folder'))
  const whole = await openStore(fs({ path: folder }), { name: 's' })
  onTestFinished(() => whole.close())
  const paths = [{ store: 's', directory: 'part' }] as const
  return {
    folder,
    whole,
    part: straightStore(whole, accessOf({ id: 't', scopes: ['list', 'read', 'write', 'delete'], paths }), 's'),
  }
}

const denied = { code: 'PermissionDenied' }

test('what is below the part is as it is', async () => {
  const { part } = await place()
  expect(await (await part.read('part/own')).text()).toBe('own')
  await part.write('part/new/deep', 'x')
  expect((await part.stat('part/new/deep')).size).toBe(1)
  const names = []
  for await (const { key } of part.list('part')) names.push(key)
  expect(names.toSorted()).toEqual(['part/new', 'part/own', 'part/to-file', 'part/to-folder'])
})

test('no call leads through a link', async () => {
  const { folder, part } = await place()
  const through = 'part/to-folder/key'
  await expect(part.read('part/to-file')).rejects.toMatchObject(denied)
  await expect(part.open('part/to-file', 'read')).rejects.toMatchObject(denied)
  await expect(part.copy('part/to-file', 'part/copy')).rejects.toMatchObject(denied)
  for (const call of [
    () => part.read(through),
    () => part.stat(through),
    () => part.write(through, 'mine'),
    () => part.delete(through),
    () => part.update(through, { modified: new Date(0) }),
    () => part.copy(through, 'part/copy'),
    () => part.copy('part/own', 'part/to-folder/own'),
    () => part.move(through, 'part/moved'),
    () => part.directories.make('part/to-folder/made'),
    () => part.links.make('part/to-folder/link', 'own'),
    () => part.upload.start('part/to-folder/sent', {}),
  ]) {
    await expect(call()).rejects.toMatchObject(denied)
  }
  const list = async (): Promise<void> => {
    for await (const entry of part.list('part/to-folder')) expect.unreachable(entry.key)
  }
  await expect(list()).rejects.toMatchObject(denied)
  const gone = []
  for await (const { key, error } of part.deleteMany([through, 'part/own'])) gone.push({ key, ok: error === undefined })
  expect(gone.toSorted((a, b) => (a.key < b.key ? -1 : 1))).toEqual([
    { key: 'part/own', ok: true },
    { key: through, ok: false },
  ])
  expect(await readdir(join(folder, 'secret'))).toEqual(['key'])
})

test('a link itself may be looked at and removed', async () => {
  const { part, folder } = await place()
  expect((await part.stat('part/to-file')).kind).toBe('link')
  await part.delete('part/to-folder')
  expect(await readdir(join(folder, 'secret'))).toEqual(['key'])
})

test('a transfer within the part goes on over it', async () => {
  const { part } = await place()
  const [from, to] = [
    { store: part, key: 'part' },
    { store: part, key: 'part-copy' },
  ]
  const results = []
  for await (const { status } of run(from, to, plan(from, to, { kind: 'copy', links: 'skip' }), {}))
    results.push(status)
  expect(results).toContain('done')
})

test('who has the whole store has the store itself', async () => {
  const { whole } = await place()
  expect(straightStore(whole, fullAccess(), 's')).toBe(whole)
})

test('a kept version that is a link leads nowhere either', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kit-straight-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await using whole = await openStore(content({ path: folder, durable: 'process' }), { name: 's' })
  await whole.write('secret/key', 'secret')
  await whole.links.make('part/a', '../secret/key')
  await whole.delete('part/a')
  await whole.write('part/a', 'own')
  const versions: string[] = []
  for await (const { version = '' } of whole.versions('part/a')) versions.push(version)
  const [now = '', before = ''] = versions
  expect(await (await whole.read('part/a', { version: before })).text()).toBe('secret')
  const paths = [{ store: 's', directory: 'part' }] as const
  const part = straightStore(whole, accessOf({ id: 't', scopes: ['list', 'read', 'write'], paths }), 's')
  expect(await (await part.read('part/a', { version: now })).text()).toBe('own')
  await expect(part.read('part/a', { version: before })).rejects.toMatchObject(denied)
})
