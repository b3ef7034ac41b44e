import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { storageError } from '../../src/index.ts'
import { plan, run, type ItemResult } from '../../src/transfer/index.ts'
import { chunked, codeOf, failureOf } from '../scripted-backend.ts'
import { atCall, filesOf, put, transfer, twoStores, sortedTree, source, target } from './two-stores.ts'

const trees = fc.dictionary(
  fc.array(fc.constantFrom('a', 'b', 'b-', 'c'), { minLength: 1, maxLength: 3 }).map((segments) => segments.join('/')),
  fc.constantFrom('', 'x', 'yy', 'zzz'),
  { maxKeys: 12, noNullPrototype: true },
)

/** Without names that are files and directories at once. */
function fitting(tree: Readonly<Record<string, string>>): Record<string, string> {
  const keys = Object.keys(tree)
  return Object.fromEntries(Object.entries(tree).filter(([key]) => !keys.some((other) => other.startsWith(`${key}/`))))
}

function clashes(one: object, other: object): boolean {
  const keys = [...Object.keys(one), ...Object.keys(other)]
  return keys.some((key) => keys.some((longer) => longer.startsWith(`${key}/`)))
}

describe('run', () => {
  test('afterwards the target is what a model says: source over target, or the source alone after a sync with delete', async () => {
    await fc.assert(
      fc.asyncProperty(
        trees,
        trees,
        fc.constantFrom('copy', 'move', 'sync'),
        fc.boolean(),
        async (one, other, kind, remove) => {
          const [left, right] = [fitting(one), fitting(other)]
          fc.pre(!clashes(left, right))
          const { from, to } = await twoStores()
          put(from.backend, left)
          put(to.backend, right)
          const options = { kind, delete: kind === 'sync' && remove, checksum: true } as const
          const { summary } = await transfer({ store: from.store }, { store: to.store }, options)
          expect(summary.failed).toBe(0)
          expect(filesOf(to.backend)).toEqual(options.delete ? sortedTree(left) : sortedTree({ ...right, ...left }))
          expect(filesOf(from.backend)).toEqual(kind === 'move' ? {} : sortedTree(left))
          // Directories: the move leaves none, the sync none that the source has not.
          if (kind === 'move') expect([...from.backend.folders]).toEqual([])
          if (options.delete) expect([...to.backend.folders].toSorted()).toEqual([...from.backend.folders].toSorted())
        },
      ),
      { numRuns: 300 },
    )
  })

  test.each(['copy', 'move', 'sync'] as const)(
    'a %s whose N-th call of either store fails, for every N, is made whole by running it again; no part is seen, nothing is lost',
    async (kind) => {
      const options = { kind, delete: kind === 'sync', checksum: true, retries: 0, concurrency: 2 } as const
      for (const failing of ['from', 'to'] as const) {
        for (let number = 0; ; number++) {
          const { from, to } = await twoStores()
          put(from.backend, source)
          put(to.backend, target)
          const broken = failing === 'from' ? from.backend : to.backend
          let failed = false
          atCall(broken, number, () => {
            failed = true
            throw storageError('PermissionDenied', 'the call fails')
          })
          await transfer({ store: from.store }, { store: to.store }, options).catch((error: unknown) =>
            expect(error).toMatchObject({ code: 'PermissionDenied' }),
          )
          const here = filesOf(to.backend)
          const left = filesOf(from.backend)
          for (const [key, text] of Object.entries(source)) {
            expect([text, Object.entries(target).find(([name]) => name === key)?.[1]]).toContain(here[key])
            // A source is lost only where its copy is there.
            if (left[key] !== text) expect(here[key]).toBe(text)
          }
          broken.fault = {}
          if (!failed) break
          const done = await transfer({ store: from.store }, { store: to.store }, options).catch((error: unknown) => {
            // A move may have taken all of it before it failed.
            expect({ kind, code: (error as { code?: string }).code }).toEqual({ kind: 'move', code: 'NotFound' })
          })
          expect(done?.summary.failed ?? 0).toBe(0)
          expect(filesOf(to.backend)).toEqual(sortedTree(kind === 'sync' ? source : { ...target, ...source }))
          expect(filesOf(from.backend)).toEqual(kind === 'move' ? {} : sortedTree(source))
        }
      }
    },
  )

  test('aborted at every call, it ends with Aborted, frees everything, and is whole after another run', async () => {
    for (const stopped of ['from', 'to'] as const) {
      for (let number = 0; ; number++) {
        const { from, to } = await twoStores()
        put(from.backend, source)
        put(to.backend, target)
        from.backend.fault.body = (_, bytes) => chunked(bytes, 2)
        const controller = new AbortController()
        let reached = false
        atCall(stopped === 'from' ? from.backend : to.backend, number, () => {
          reached = true
          controller.abort()
        })
        const results: ItemResult[] = []
        const options = { kind: 'sync', delete: true, signal: controller.signal } as const
        const code = await codeOf(transfer({ store: from.store }, { store: to.store }, options, results))
        if (!reached) {
          expect(code).toBe('resolved')
          break
        }
        // An abort behind the last step has nothing to end.
        expect(['Aborted', 'resolved']).toContain(code)
        expect(results.filter(({ status }) => status === 'failed')).toEqual([])
        expect(from.backend.openBodies).toBe(0)
        for (const [key, text] of Object.entries(filesOf(to.backend))) {
          expect([Reflect.get(source, key), Reflect.get(target, key)]).toContain(text)
        }
        from.backend.fault = {}
        to.backend.fault = {}
        await transfer({ store: from.store }, { store: to.store }, { kind: 'sync', delete: true, checksum: true })
        expect(filesOf(to.backend)).toEqual(sortedTree(source))
      }
    }
  })

  test('breaking off ends what is on its way', async () => {
    const { from, to } = await twoStores()
    put(from.backend, source)
    from.backend.fault.before = ({ operation, key }, { signal }) => {
      if (operation !== 'read' || key !== 'd/e/b') return undefined
      return new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(storageError('Aborted', 'ended'))),
      )
    }
    for await (const { action } of run(
      { store: from.store },
      { store: to.store },
      plan({ store: from.store }, { store: to.store }, { kind: 'copy' }),
      {},
    )) {
      if (action.action === 'copy') break
    }
    expect(from.backend.openBodies).toBe(0)
    expect(Object.keys(filesOf(to.backend))).not.toContain('d/e/b')
  })

  test('a plan that fails is thrown after what was begun has ended, and nothing is deleted', async () => {
    const { from, to } = await twoStores()
    put(from.backend, source)
    put(to.backend, target)
    atCall(from.backend, 4, () => {})
    let listings = 0
    from.backend.fault.before = ({ operation }) => {
      if (operation === 'page' && ++listings === 3) throw storageError('PermissionDenied', 'not this one')
    }
    const options = { kind: 'sync', delete: true } as const
    expect((await failureOf(transfer({ store: from.store }, { store: to.store }, options))).code).toBe(
      'PermissionDenied',
    )
    expect(to.backend.count('delete')).toBe(0)
  })
})
