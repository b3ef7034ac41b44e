import { randomBytes, randomInt } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { errorCode, openStore, type Store } from '@kit/core'
import { plan, run, type Action, type ItemResult } from '@kit/core/transfer'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { fs } from '../src/index.ts'

const inFlight = 32

async function folder(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'kit-small-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  return root
}

async function storeIn(path: string): Promise<Store> {
  const store = await openStore(fs({ path }))
  onTestFinished(() => store.close())
  return store
}

/** So many at once, as a busy program does. */
async function atOnce<Item>(items: readonly Item[], work: (item: Item, index: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) {
      const item = items[at]
      if (item !== undefined) await work(item, at)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
}

/** Whether the thread for small files is there. */
function writesByThread(): boolean {
  return readdirSync('/proc/self/task').some(
    (task) => readFileSync(`/proc/self/task/${task}/comm`, 'latin1').trim() === 'kit-write',
  )
}

// So busy that the thread begins, which all stores of the process share.
beforeAll(async () => {
  if (process.platform !== 'linux') return
  const root = await mkdtemp(join(tmpdir(), 'kit-small-'))
  await using store = await openStore(fs({ path: root }))
  for (let at = 0; !writesByThread(); at += 1000) {
    const names = Array.from({ length: 1000 }, (_, index) => `${at + index}`)
    await atOnce(names, async (name) => void (await store.write(name, name)))
  }
  await rm(root, { recursive: true })
}, 60_000)

describe.skipIf(process.platform !== 'linux')('many small files at once', () => {
  it('are all there with their bytes, modes and times, and nothing else is', async () => {
    const root = await folder()
    const store = await storeIn(root)
    const sizes = [0, 1, 4096, 65_535, 65_536, 65_537]
    const files = Array.from({ length: 600 }, (_, index) => ({
      key: `d${index % 7}/\u00E4 ${index}`,
      bytes: randomBytes(sizes[index % sizes.length] ?? 0),
      mode: [0o644, 0o600, 0o755, 0o444][index % 4] ?? 0,
      modified: new Date(Date.UTC(1969 + (index % 90), 5, 1, 0, 0, 0, index)),
    }))
    await atOnce(files, async ({ key, bytes, mode, modified }) => {
      const entry = await store.write(key, bytes, { mode, modified })
      expect(entry).toEqual(await store.stat(key))
    })
    for (const { key, bytes, mode, modified } of files) {
      const there = await stat(join(root, key))
      expect((await readFile(join(root, key))).equals(bytes)).toBe(true)
      expect([there.mode & 0o7777, Math.floor(there.mtimeMs)]).toEqual([mode, modified.getTime()])
    }
    await store.close()
    expect((await readdir(root)).toSorted()).toEqual(['d0', 'd1', 'd2', 'd3', 'd4', 'd5', 'd6'])
  })

  it('have one that wins of those that write one key with ifAbsent, and all etags differ where they overwrite each other', async () => {
    const store = await storeIn(await folder())
    for (let round = 0; round < 20; round++) {
      const tries = Array.from({ length: 100 }, (_, index) =>
        store.write(`one-${round}`, String(index), { ifAbsent: true }).then(() => 'won', errorCode),
      )
      const told = await Promise.all(tries)
      expect(new Set(told)).toEqual(new Set(['AlreadyExists', 'won']))
      expect(told.filter((one) => one === 'won')).toHaveLength(1)
    }
    const over = await Promise.all(Array.from({ length: 300 }, () => store.write('over', 'x')))
    expect(new Set(over.map(({ etag }) => etag)).size).toBe(300)
  })

  it('fail as one alone does', async () => {
    const root = await folder()
    const store = await storeIn(root)
    await mkdir(join(root, 'directory/below'), { recursive: true })
    await writeFile(join(root, 'file'), 'x')
    const outside = await folder()
    await symlink(outside, join(root, 'out'))
    const wrong = ['directory', 'file/below', 'out/x', 'good']
    const codes = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const key = wrong[index % wrong.length] ?? ''
        return [key, await store.write(key, 'x').then(() => 'written', errorCode)] as const
      }),
    )
    const expected = {
      directory: 'IsDirectory',
      'file/below': 'NotDirectory',
      'out/x': 'PermissionDenied',
      good: 'written',
    }
    expect(Object.fromEntries(codes)).toEqual(expected)
    expect(await readdir(outside)).toEqual([])
  })

  it('go where their directory is meant to be, when it is moved away and another takes its place', async () => {
    const root = await folder()
    const store = await storeIn(root)
    for (let round = 0; round < 30; round++) {
      const names = Array.from({ length: 64 }, (_, index) => `live/${round}-${index}`)
      const writing = atOnce(names, async (name) => void (await store.write(name, name)))
      await rename(join(root, 'live'), join(root, `old-${round}`)).catch(() => undefined)
      await writing
      // What is asked for after the move is in the new one.
      await atOnce(names, async (name) => void (await store.write(`${name}-after`, name)))
      for (const name of names) expect(await readFile(join(root, `${name}-after`), 'utf8')).toBe(name)
    }
  })
})

describe.skipIf(process.platform !== 'linux')('small files of a folder that is copied', () => {
  async function copied(from: Store, to: Store, between: () => Promise<void>): Promise<ItemResult[]> {
    const steps: Action[] = []
    const ends = [
      { store: from, key: '' },
      { store: to, key: '' },
    ] as const
    for await (const step of plan(...ends, { kind: 'copy' })) steps.push(step)
    await between()
    const results: ItemResult[] = []
    for await (const result of run(...ends, steps, {})) results.push(result)
    return results
  }

  it('are taken as they are when their turn comes, not as they were listed', async () => {
    const [one, other] = [await folder(), await folder()]
    const secret = await folder()
    await writeFile(join(secret, 'f3'), 'outside')
    await mkdir(join(one, 'a'))
    await mkdir(join(one, 'swapped'))
    for (let index = 0; index < 200; index++) await writeFile(join(one, 'a', `f${index}`), `old ${index}`)
    await writeFile(join(one, 'swapped/f3'), 'outside')
    const [from, to] = [await storeIn(one), await storeIn(other)]
    const results = await copied(from, to, async () => {
      await writeFile(join(one, 'a/f1'), 'changed, longer')
      await writeFile(join(one, 'a/f2'), 'new 2')
      await rm(join(one, 'a/f4'))
      await rm(join(one, 'swapped'), { recursive: true })
      await symlink(secret, join(one, 'swapped'))
    })
    expect(await readFile(join(other, 'a/f1'), 'utf8')).toBe('changed, longer')
    expect(await readFile(join(other, 'a/f2'), 'utf8')).toBe('new 2')
    expect(await readFile(join(other, 'a/f199'), 'utf8')).toBe('old 199')
    const failed = results
      .filter(({ status }) => status === 'failed')
      .map(({ action, error }) => {
        return ['from' in action ? action.from : '', errorCode(error)] as const
      })
    expect(new Map(failed)).toEqual(
      new Map([
        ['a/f4', 'NotFound'],
        ['swapped/f3', 'PermissionDenied'],
      ]),
    )
    expect((await readdir(join(other, 'a'))).length).toBe(199)
  })

  it('tell of a file only where it is wanted', async () => {
    const root = await folder()
    const store = await storeIn(root)
    await store.write('a', String(randomInt(1000)))
    const fields = async (want?: ['file']): Promise<string[]> => {
      const found: string[] = []
      for await (const entry of store.list('', { want })) found.push(...Object.keys(entry))
      return found
    }
    expect(await fields()).not.toContain('file')
    expect(await fields(['file'])).toContain('file')
  })
})
