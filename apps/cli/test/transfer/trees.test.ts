import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fs } from '@kit/backend-fs'
import { memory } from '@kit/backend-memory'
import { openStore, type Store } from '@kit/core'
import { resumeFolder, temporaryFiles } from '@kit/core/node'
import {
  compare,
  createFilter,
  moveObject,
  plan,
  run,
  type End,
  type ItemResult,
  type PlanOptions,
  type RunOptions,
  type Summary,
} from '@kit/core/transfer'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

let root = ''
const opened: Store[] = []
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kit-transfer-'))
})
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close()
  rmSync(root, { recursive: true, force: true })
})

async function folder(name: string): Promise<Store> {
  const store = await openStore(fs({ path: join(root, name) }), { name, spill: temporaryFiles() })
  opened.push(store)
  return store
}

async function inMemory(): Promise<Store> {
  const store = await openStore(memory({}))
  opened.push(store)
  return store
}

function lay(name: string, tree: Readonly<Record<string, string>>): void {
  for (const [key, text] of Object.entries(tree)) {
    mkdirSync(join(root, name, key, '..'), { recursive: true })
    writeFileSync(join(root, name, key), text)
  }
}

async function transfer(
  from: End,
  to: End,
  options: PlanOptions & RunOptions,
): Promise<{ results: ItemResult[]; summary: Summary }> {
  const running = run(from, to, plan(from, to, options), options)
  const results: ItemResult[] = []
  for (;;) {
    const step = await running.next()
    if (step.done === true) return { results, summary: step.value }
    results.push(step.value)
  }
}

/** As another program sees it. */
const differences = (one: string, other: string): string => {
  try {
    execFileSync('/usr/bin/diff', ['-r', '--no-dereference', '-x', '.kit', join(root, one), join(root, other)])
    return ''
  } catch (error) {
    return String(Reflect.get(Object(error), 'stdout'))
  }
}

describe('trees of files', () => {
  test('a copy keeps bytes, times, permissions, links and empty directories', async () => {
    lay('a', { 'x/one': '1', 'x/y/two': '2'.repeat(300_000), three: '' })
    mkdirSync(join(root, 'a/empty/inner'), { recursive: true })
    symlinkSync('../three', join(root, 'a/x/link'))
    symlinkSync('nowhere', join(root, 'a/dangling'))
    chmodSync(join(root, 'a/x/one'), 0o640)
    utimesSync(join(root, 'a/x/one'), 1_000_000, 1_000_000.25)
    const ends = [{ store: await folder('a') }, { store: await folder('b') }] as const
    const { summary } = await transfer(...ends, { kind: 'copy' })
    expect(summary).toMatchObject({ copied: 3, failed: 0, bytes: 300_001 })
    expect(differences('a', 'b')).toBe('')
    expect(readlinkSync(join(root, 'b/x/link'))).toBe('../three')
    const { mode, mtimeMs } = statSync(join(root, 'b/x/one'))
    expect([mode & 0o777, Math.floor(mtimeMs)]).toEqual([0o640, 1_000_000_250])
    // All of it is the same now, by size and time, without a read.
    const again = await transfer(...ends, { kind: 'sync', delete: true })
    expect(again.summary).toMatchObject({ copied: 0, deleted: 0, skipped: 5, failed: 0 })
  })

  test('a sync with delete makes trees equal, also where the other one has more', async () => {
    lay('a', { 'x/one': '1', two: '22' })
    lay('b', { 'x/one': '9', 'x/old': '1', 'gone/deep/er': '1', 'keep.log': '1' })
    const ends = [{ store: await folder('a') }, { store: await folder('b') }] as const
    const filter = createFilter({ exclude: ['*.log'] })
    const { summary } = await transfer(...ends, { kind: 'sync', delete: true, checksum: true, filter })
    expect(summary).toMatchObject({ copied: 2, deleted: 4, failed: 0 })
    rmSync(join(root, 'b/keep.log'))
    expect(differences('a', 'b')).toBe('')
  })

  test('a move leaves nothing of the source, and keeps what a filter left out with its directories', async () => {
    lay('a', { 'd/x/one': '1', 'd/y/two': '2', 'd/y/keep.log': '3' })
    const store = await folder('a')
    const target = await inMemory()
    const filter = createFilter({ exclude: ['*.log'] })
    const { summary } = await transfer({ store, key: 'd' }, { store: target, key: 'e' }, { kind: 'move', filter })
    expect(summary).toMatchObject({ moved: 2, failed: 0 })
    expect(await (await target.read('e/x/one')).text()).toBe('1')
    expect(new Set(readdirSync(join(root, 'a/d'), { recursive: true, encoding: 'utf8' }))).toEqual(
      new Set(['y', 'y/keep.log']),
    )
    await transfer({ store, key: 'd' }, { store: target, key: 'e' }, { kind: 'move' })
    expect(readdirSync(join(root, 'a')).filter((name) => name !== '.kit')).toEqual([])
  })

  test('within one folder a move is a rename: the inode stays', async () => {
    lay('a', { 'd/one': '1' })
    const store = await folder('a')
    const { ino } = statSync(join(root, 'a/d/one'))
    await transfer({ store, key: 'd' }, { store, key: 'e' }, { kind: 'move' })
    expect(statSync(join(root, 'a/e/one')).ino).toBe(ino)
    await moveObject({ store, key: 'e/one' }, { store, key: 'f' })
    expect(statSync(join(root, 'a/f')).ino).toBe(ino)
  })

  test('links are followed where that is asked for: the target holds what they point to', async () => {
    lay('a', { one: '1' })
    symlinkSync('one', join(root, 'a/link'))
    symlinkSync('nowhere', join(root, 'a/dangling'))
    const ends = [{ store: await folder('a') }, { store: await inMemory() }] as const
    const kept = await transfer(...ends, { kind: 'copy' })
    expect(kept.results.filter(({ status }) => status === 'skipped')).toMatchObject([
      { action: { reason: 'link' } },
      { action: { reason: 'link' } },
    ])
    const followed = await transfer(...ends, { kind: 'copy', links: 'follow' })
    expect(followed.summary).toMatchObject({ copied: 1, failed: 1 })
    expect(await (await ends[1].store.read('link')).text()).toBe('1')
  })

  test('a large file goes in parts, is gone on with after an abort, and leaves nothing', async () => {
    const bytes = Buffer.alloc(40 * 2 ** 20, 'some bytes ')
    mkdirSync(join(root, 'a'))
    writeFileSync(join(root, 'a/big'), bytes)
    const ends = [
      { store: await folder('a'), key: 'big' },
      { store: await folder('b'), key: 'big' },
    ] as const
    const resume = resumeFolder(join(root, 'resume'))
    const options = { kind: 'copy', resume, partsFrom: 2 ** 20 } as const
    const controller = new AbortController()
    // When its token has been saved an upload has begun.
    const save: typeof resume.save = async (name, kept) => {
      await resume.save(name, kept)
      controller.abort()
    }
    const stopped = transfer(...ends, { ...options, resume: { ...resume, save }, signal: controller.signal })
    await expect(stopped).rejects.toMatchObject({ code: 'Aborted' })
    expect(readdirSync(join(root, 'resume'))).toHaveLength(1)
    expect([
      statSync(join(root, 'resume')).mode & 0o777,
      statSync(join(root, 'resume', readdirSync(join(root, 'resume'))[0] ?? '')).mode & 0o777,
    ]).toEqual([0o700, 0o600])
    const { results } = await transfer(...ends, options)
    expect(results).toMatchObject([{ status: 'done', verified: 'size' }])
    expect(readFileSync(join(root, 'b/big')).equals(bytes)).toBe(true)
    for (const store of opened.splice(0)) await store.close()
    expect([readdirSync(join(root, 'resume')), readdirSync(join(root, 'b'))]).toEqual([[], ['big']])
  })

  test('compare by checksum finds one byte in a large file', async () => {
    const bytes = Buffer.alloc(3 * 2 ** 20)
    for (const name of ['a', 'b']) {
      mkdirSync(join(root, name))
      writeFileSync(join(root, name, 'big'), bytes)
      utimesSync(join(root, name, 'big'), 5, 5)
      bytes[2 ** 21] = 1
    }
    const ends = [{ store: await folder('a') }, { store: await folder('b') }] as const
    const verdicts = async (checksum: boolean) =>
      (await Array.fromAsync(compare(...ends, { checksum }))).map(({ verdict, by }) => [verdict, by])
    expect(await verdicts(false)).toEqual([['same', 'modified']])
    expect(await verdicts(true)).toEqual([['differs', 'bytes']])
  })
})
