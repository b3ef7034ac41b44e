import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { codeOf, context, key, methods, openStore, type Store } from './support.ts'

/** Watches, and waits until all of these were told. */
function watch(store: Store, signal?: AbortSignal) {
  const iterator = methods(store.backend).changes(context(signal))[Symbol.asyncIterator]()
  const told: string[] = []
  let lost = 0
  let pending: Promise<unknown> | undefined
  const pull = (): Promise<unknown> =>
    (pending ??= iterator.next().then((step) => {
      pending = undefined
      if (step.done !== true) {
        told.push(...step.value.keys)
        if (step.value.lost === true) lost++
      }
    }))
  return {
    iterator,
    told,
    lost: () => lost,
    pull,
    async until(done: () => boolean) {
      const end = performance.now() + 5000
      while (!done()) {
        const late = new Promise((_, reject) => {
          setTimeout(() => reject(new Error(`told only ${told.length}`)), end - performance.now()).unref()
        })
        await Promise.race([pull(), late])
      }
    },
  }
}

describe('changes', () => {
  it('tells what was written, deleted and moved, also in directories made meanwhile', async () => {
    await using store = openStore()
    await store.put('d/old', '1')
    const watching = watch(store)
    void watching.pull()
    await new Promise(setImmediate)
    const all = methods(store.backend)
    await store.put('x', '1')
    await store.put('d/old', '2')
    await store.put('new/deep/er', '1')
    await store.put('new/deep/er2', '1')
    await all.move(context(), key('x'), key('d/y'), {})
    await all.delete(context(), key('d/old'), {})
    const wanted = ['x', 'd/old', 'new/deep/er', 'new/deep/er2', 'd/y']
    await watching.until(() => wanted.every((name) => watching.told.includes(name)))
    writeFileSync(join(store.root, 'new/deep/er'), 'by another')
    watching.told.length = 0
    await watching.until(() => watching.told.includes('new/deep/er'))
    expect(watching.told.filter((name) => name.startsWith('.kit'))).toEqual([])
    await watching.iterator.return?.()
  })

  it('says that something was lost when a directory is moved away, and follows it to its new name', async () => {
    await using store = openStore()
    await store.put('a/b/x', '1')
    const watching = watch(store)
    void watching.pull()
    await new Promise(setImmediate)
    renameSync(join(store.root, 'a'), join(store.root, 'c'))
    await watching.until(() => watching.lost() > 0)
    await new Promise((resolve) => {
      setTimeout(resolve, 50)
    })
    await store.put('c/b/y', '2')
    await watching.until(() => watching.told.includes('c/b/y'))
    expect(watching.told).toContain('c/b/y')
    await watching.iterator.return?.()
  })

  it('says that something was lost when a slow consumer cannot be told all of it', { timeout: 60_000 }, async () => {
    await using store = openStore()
    const watching = watch(store)
    void watching.pull()
    await new Promise(setImmediate)
    for (let at = 0; at < 22_000; at++) {
      writeFileSync(join(store.root, `f${at}`), '')
      if (at % 1000 === 0) await new Promise(setImmediate)
    }
    await watching.until(() => watching.lost() > 0)
    expect(watching.lost()).toBeGreaterThan(0)
    await watching.iterator.return?.()
  })

  it('ends on return, abort and close, also while it waits', async () => {
    await using store = openStore()
    mkdirSync(join(store.root, 'd'))
    const returned = watch(store).iterator
    const waiting = returned.next()
    await new Promise(setImmediate)
    await returned.return?.()
    expect(await waiting).toEqual({ done: true, value: undefined })
    const controller = new AbortController()
    const aborted = watch(store, controller.signal).iterator.next()
    await new Promise(setImmediate)
    controller.abort()
    expect(await codeOf(aborted)).toBe('Aborted')
    const closed = watch(store).iterator.next()
    await new Promise(setImmediate)
    await methods(store.backend).close()
    expect((await closed).done).toBe(true)
    rmSync(join(store.root, 'd'), { recursive: true })
  })
})
