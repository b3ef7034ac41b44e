import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { provide, temporaryFolder, tryProvide, whyMissing } from '../src/index.ts'
import { withLock } from '../src/provide/build-lock.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

it('finds a binary in the cache without building', async () => {
  await using cache = await temporaryFolder('cache')
  vi.stubEnv('KIT_SERVERS_CACHE', cache.path)
  vi.stubEnv('CI', '')
  vi.stubEnv('KIT_SERVERS', '')
  const missing = await tryProvide('versitygw')
  expect(whyMissing(missing)).toMatch(/KIT_SERVERS=1 builds it/)
  await mkdir(join(cache.path, 'versitygw-v1.8.0'))
  await writeFile(join(cache.path, 'versitygw-v1.8.0/versitygw'), '')
  expect(await provide('versitygw')).toBe(join(cache.path, 'versitygw-v1.8.0/versitygw'))
})

it('throws what is missing where a skip is a failure, and leaves no half-built folder', async () => {
  await using cache = await temporaryFolder('cache')
  vi.stubEnv('KIT_SERVERS_CACHE', cache.path)
  vi.stubEnv('CI', 'true')
  vi.stubEnv('PATH', cache.path)
  await expect(tryProvide('rclone')).rejects.toThrow(/rclone is missing: .*go could not be started/)
  expect(await readdir(cache.path)).toEqual([])
})

it('lets one holder at a time into a lock', async () => {
  await using folder = await temporaryFolder('lock')
  let inside = 0
  let most = 0
  const work = async (): Promise<void> => {
    most = Math.max(most, ++inside)
    await new Promise((resolve) => setTimeout(resolve, 20))
    inside--
  }
  await Promise.all([1, 2, 3].map(() => withLock(join(folder.path, 'lock'), 10_000, work)))
  expect(most).toBe(1)
  expect(await readdir(folder.path)).toEqual([])
})

it('takes over the lock of a dead process, and gives up on a living one at the deadline', async () => {
  await using folder = await temporaryFolder('lock')
  const lock = join(folder.path, 'lock')
  await writeFile(lock, '4194303 dead')
  expect(await withLock(lock, 1000, () => Promise.resolve('done'))).toBe('done')
  await writeFile(lock, `${process.ppid} living`)
  await expect(withLock(lock, 300, () => Promise.resolve('done'))).rejects.toThrow(/was held/)
})
