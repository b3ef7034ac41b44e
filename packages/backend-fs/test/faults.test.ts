import { rmSync } from 'node:fs'
import { isStorageError } from '@kit/core'
import { describe, expect, it } from 'vitest'
import { failingFiles } from './failing-files.ts'
import { runScript, script, uploadScript, valueOf } from './script.ts'
import { leftOver, methods, openBelow, openStore, temporaryRoot } from './support.ts'

/** Runs the script with the n-th operation failing, and gives how many operations there were. */
async function checkFault(n: number, code: string, fsync: boolean, steps = script): Promise<number> {
  const root = temporaryRoot()
  const { files, count, failed } = failingFiles(n, code)
  const store = openStore({ path: root, files, fsync })
  const { allowed, errors } = await runScript(store, steps)
  const what = `${code} at ${n}, ${failed()}`
  for (const error of errors) {
    expect(isStorageError(error), `${what}: ${String(error)}`).toBe(true)
  }
  await methods(store.backend).close()
  expect(openBelow(root), what).toEqual([])
  expect(leftOver(root), what).toEqual([])
  await using again = openStore({ path: root })
  for (const [name, values] of allowed) {
    const value = await valueOf(again, name)
    expect(values.has(value), `${what}: ${name} holds ${value?.slice(0, 20)}`).toBe(true)
  }
  // The names in the script, and nothing else.
  const known = new Set([
    'a',
    'a/b',
    'd',
    'e',
    'g',
    'g/h',
    'h',
    'link',
    ...steps.flatMap(({ gives }) => Object.keys(gives)),
  ])
  expect(
    (await again.names()).filter((name) => !known.has(name)),
    what,
  ).toEqual([])
  // A failure is over when it is over.
  await again.put('a/b/new', 'after')
  expect(await again.get('a/b/new')).toBe('after')
  rmSync(root, { recursive: true })
  return count()
}

describe('the n-th operation on files fails', () => {
  for (const fsync of [false, true]) {
    for (const code of fsync ? ['EIO'] : ['EIO', 'ENOSPC']) {
      it(
        `with ${code}${fsync ? ', with fsync' : ''}: nothing is lost, leaked or seen half`,
        { timeout: 120_000 },
        async () => {
          const operations = await checkFault(Number.POSITIVE_INFINITY, code, fsync)
          expect(operations).toBeGreaterThan(50)
          // A failure may lead to more operations than there were without it.
          for (let n = 1; n <= operations + 5; n++) await checkFault(n, code, fsync)
        },
      )
    }
  }

  for (const fsync of [false, true]) {
    it(
      `in uploads${fsync ? ', with fsync' : ''}: nothing is lost, leaked or seen half`,
      { timeout: 120_000 },
      async () => {
        const operations = await checkFault(Number.POSITIVE_INFINITY, 'EIO', fsync, uploadScript)
        expect(operations).toBeGreaterThan(50)
        for (let n = 1; n <= operations + 5; n++) await checkFault(n, 'EIO', fsync, uploadScript)
      },
    )
  }

  it('is told as QuotaExceeded where the disk is full, and ReadOnly where it takes no changes', async () => {
    const codes = new Map<string, Set<unknown>>()
    for (const errno of ['ENOSPC', 'EDQUOT', 'EROFS', 'EMFILE']) {
      const seen = new Set<unknown>()
      for (let n = 1; n < 12; n++) {
        await using store = openStore({ files: failingFiles(n, errno).files })
        const error: unknown = await store.put('a', 'x').then(
          () => undefined,
          (reason: unknown) => reason,
        )
        if (isStorageError(error)) seen.add(error.code)
      }
      codes.set(errno, seen)
    }
    expect([...codes].map(([errno, seen]) => `${errno} ${[...seen].join()}`)).toEqual([
      'ENOSPC QuotaExceeded',
      'EDQUOT QuotaExceeded',
      'EROFS ReadOnly',
      'EMFILE Unavailable',
    ])
  })
})
