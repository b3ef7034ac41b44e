import { randomBytes } from 'node:crypto'
import { appendFileSync, closeSync, openSync } from 'node:fs'
import { appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore, type Source, type Store } from '@kit/core'
import { fileState } from '@kit/core/node'
import { copyObject } from '@kit/core/transfer'
import { describe, expect, it, onTestFinished } from 'vitest'
import { fs } from '../src/index.ts'

interface Two {
  readonly from: Store
  readonly to: Store
  readonly source: string
  readonly target: string
}

async function two(): Promise<Two> {
  const root = await mkdtemp(join(tmpdir(), 'kit-copy-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  const open = async (name: string): Promise<Store> => {
    const store = await openStore(fs({ path: join(root, name) }), { name })
    onTestFinished(() => store.close())
    return store
  }
  const [from, to] = [await open('from'), await open('to')]
  await from.ping()
  return { from, to, source: join(root, 'from/big'), target: join(root, 'to/big') }
}

/** A source that may only be copied, never pulled. */
async function fileOnly(
  path: string,
  size: number,
  changes: Partial<NonNullable<Source['file']>> = {},
): Promise<Source> {
  const state = fileState(await stat(path))
  return { size, file: { path, state, from: 0, ...changes }, open: () => expect.unreachable('a stream was pulled') }
}

// Smaller ones are copied in the thread or its pool, larger ones by threads of their own.
describe.skipIf(process.platform !== 'linux').each([3_000_001, 40_000_003])(
  'a body that is a file of %i bytes',
  (size) => {
    it('is copied from file to file by a transfer, with its time', async () => {
      const { from, to, source, target } = await two()
      const bytes = randomBytes(size)
      await writeFile(source, bytes)
      const reading = await from.read('big')
      // The path of an open descriptor is a link, which the store follows there.
      await to.write('big', { size, file: reading.file, open: () => expect.unreachable('a stream was pulled') })
      await reading[Symbol.asyncDispose]()
      expect((await readFile(target)).equals(bytes)).toBe(true)
      const { entry } = await copyObject({ store: from, key: 'big' }, { store: to, key: 'other' }, {})
      expect(entry.modified).toEqual((await from.stat('big')).modified)
    })

    it('is not pulled as a stream, and its progress is told', async () => {
      const { to, source, target } = await two()
      const bytes = randomBytes(size)
      await writeFile(source, bytes)
      const told: number[] = []
      await to.write('big', await fileOnly(source, size), { onProgress: (progress) => told.push(progress.bytes) })
      expect((await readFile(target)).equals(bytes)).toBe(true)
      expect(told.at(-1)).toBe(size)
      expect(told.toSorted((a, b) => a - b)).toEqual(told)
    })

    it('may begin anywhere in the file', async () => {
      const { to, source, target } = await two()
      const bytes = randomBytes(size)
      await writeFile(source, Buffer.concat([Buffer.from('before'), bytes]))
      await to.write('big', await fileOnly(source, size, { from: 6 }))
      expect((await readFile(target)).equals(bytes)).toBe(true)
    })

    it('is pulled where the file is another by now, or gone', async () => {
      const { to, source, target } = await two()
      await writeFile(source, randomBytes(size))
      const stale = await fileOnly(source, size)
      await appendFile(source, 'x')
      const bytes = new Uint8Array(size).fill(7)
      const once = async function* (): AsyncGenerator<Uint8Array<ArrayBuffer>> {
        yield bytes
      }
      await to.write('big', { ...stale, open: once })
      expect((await readFile(target)).equals(bytes)).toBe(true)
      await rm(source)
      await to.write('other', { ...stale, open: once })
      expect((await to.stat('other')).size).toBe(size)
    })

    it('publishes nothing where the file changes while it is copied', async () => {
      const { to, source } = await two()
      await writeFile(source, randomBytes(size))
      let changed = false
      const copied = (): void => {
        if (!changed) appendFileSync(source, 'x')
        changed = true
      }
      await expect(to.write('big', await fileOnly(source, size, { copied }))).rejects.toMatchObject({
        code: 'Conflict',
      })
      expect(await Array.fromAsync(to.list())).toEqual([])
    })

    it('publishes nothing where the file becomes shorter', async () => {
      const { to, source } = await two()
      await writeFile(source, randomBytes(size))
      const body = await fileOnly(source, size)
      // A file that says less of itself than is asked of it.
      const { file } = body
      await expect(to.write('big', { ...body, size: size + 1, file })).rejects.toMatchObject({ code: 'Conflict' })
      expect(await Array.fromAsync(to.list())).toEqual([])
    })

    it('ends soon when it is aborted, and leaves nothing', async () => {
      const { to, source, target } = await two()
      await writeFile(source, randomBytes(size))
      const controller = new AbortController()
      const body = await fileOnly(source, size, { copied: () => controller.abort() })
      await expect(to.write('big', body, { signal: controller.signal })).rejects.toMatchObject({ code: 'Aborted' })
      expect(await readdir(join(target, '..'))).not.toContain('big')
      await to.close()
      expect((await readdir(join(target, '..'), { recursive: true })).filter((name) => /temp|tmp/.test(name))).toEqual(
        [],
      )
    })

    it('never keeps a file open', async () => {
      const { from, to, source } = await two()
      await writeFile(source, randomBytes(size))
      const next = (): number => {
        const fd = openSync('/dev/null', 'r')
        closeSync(fd)
        return fd
      }
      await copyObject({ store: from, key: 'big' }, { store: to, key: 'big' }, {})
      const before = next()
      for (let count = 0; count < 20; count++) {
        await copyObject({ store: from, key: 'big' }, { store: to, key: `big${count}` }, {})
      }
      expect(next()).toBe(before)
    })
  },
)
