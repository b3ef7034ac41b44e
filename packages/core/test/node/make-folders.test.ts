import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { makeFolders } from '../../src/node/index.ts'

async function place(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kit-folders-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

test('makes all that is missing with the given mode, and says whether the last one is new', async () => {
  const path = join(await place(), 'a/b/c')
  expect(await makeFolders(path, 0o700)).toBe(true)
  expect((await stat(path)).mode & 0o777).toBe(0o700)
  expect(await makeFolders(path)).toBe(false)
})

test('many at once make one folder together', async () => {
  const path = join(await place(), 'a/b/c')
  const made = await Promise.all(Array.from({ length: 20 }, () => makeFolders(path)))
  expect(made.filter(Boolean)).toHaveLength(1)
})

test('a file in the way is NotDirectory', async () => {
  const folder = await place()
  await writeFile(join(folder, 'file'), '')
  await expect(makeFolders(join(folder, 'file'))).rejects.toMatchObject({ code: 'NotDirectory' })
  await expect(makeFolders(join(folder, 'file/below'))).rejects.toMatchObject({ code: 'NotDirectory' })
})

test.skipIf(process.platform !== 'linux')('ends where nothing can be made', async () => {
  await expect(makeFolders('/proc/nothing/below')).rejects.toMatchObject({ code: expect.stringMatching(/./) })
})
