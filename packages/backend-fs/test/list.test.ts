import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { codeOf, context, key, methods, openBelow, openStore } from './support.ts'

describe('list', () => {
  it('gives one level, or all below, and never the reserved folder at the root', async () => {
    await using store = openStore()
    for (const name of ['a', 'd/b', 'd/e/c', 'd/.kit/x']) await store.put(name, name)
    expect(await store.names('', false)).toEqual(['a', 'd'])
    expect(await store.names('d', false)).toEqual(['d/.kit', 'd/b', 'd/e'])
    expect(await store.names('')).toEqual(['a', 'd', 'd/.kit', 'd/.kit/x', 'd/b', 'd/e', 'd/e/c'])
    expect((await store.entries('d/e'))[0]).toMatchObject({ kind: 'file', key: 'd/e/c', size: 5 })
  })

  it('of a missing directory is empty, of a file NotDirectory', async () => {
    await using store = openStore()
    await store.put('a', '')
    expect(await store.names('none')).toEqual([])
    expect(await store.names('no/ne')).toEqual([])
    expect(await codeOf(store.names('a'))).toBe('NotDirectory')
  })

  it('comes in pages of at most 1,000, or fewer where asked, each name once', async () => {
    await using store = openStore()
    for (let at = 0; at < 2500; at++) {
      if (at % 100 === 0) mkdirSync(join(store.root, `d${at / 100}`))
      writeFileSync(join(store.root, `d${Math.floor(at / 100)}`, `f${at}`), '')
    }
    mkdirSync(join(store.root, 'flat'))
    for (let at = 0; at < 3500; at++) writeFileSync(join(store.root, 'flat', `f${at}`), '')
    for (const limit of [undefined, 7, 5000]) {
      const names: string[] = []
      for await (const { entries } of methods(store.backend).list(context(), key(''), { recursive: true, limit })) {
        expect(entries.length).toBeLessThanOrEqual(Math.min(limit ?? 1000, 1000))
        expect(entries.length).toBeGreaterThan(0)
        for (const entry of entries) names.push(entry.key)
      }
      expect(names).toHaveLength(2500 + 25 + 1 + 3500)
      expect(new Set(names).size).toBe(names.length)
    }
  })

  it('leaves out what is neither file, directory nor link, and what vanishes meanwhile', async () => {
    await using store = openStore()
    for (let at = 0; at < 30; at++) await store.put(`d${at}/x`, '')
    execFileSync('mkfifo', [join(store.root, 'd1/pipe')])
    const seen: string[] = []
    for await (const { entries } of methods(store.backend).list(context(), key(''), { recursive: true, limit: 1 })) {
      seen.push(...entries.map((entry) => entry.key))
      if (seen.length === 31) for (let at = 0; at < 30; at += 2) rmSync(join(store.root, `d${at}`), { recursive: true })
    }
    expect(seen.filter((name) => name.includes('pipe'))).toEqual([])
    expect(seen).toEqual(expect.arrayContaining(['d1/x', 'd29/x']))
  })

  it('gives once what exists all through, while others come and go', async () => {
    await using store = openStore()
    for (let at = 0; at < 2000; at++) writeFileSync(join(store.root, `stays-${at}`), '')
    const state = { listing: true }
    const churn = (async () => {
      for (let at = 0; state.listing; at++) {
        await store.put(`comes-${at}`, '')
        await methods(store.backend).delete(context(), key(`comes-${at - 20}`), {})
      }
    })()
    for (let round = 0; round < 5; round++) {
      const names = (await store.entries('', false)).map((entry) => entry.key)
      expect(new Set(names).size).toBe(names.length)
      expect(names.filter((name) => name.startsWith('stays'))).toHaveLength(2000)
    }
    state.listing = false
    await churn
  })

  it('frees what it holds when it is left, and stops on abort', async () => {
    await using store = openStore()
    for (let at = 0; at < 50; at++) await store.put(`d/e/f${at}`, '')
    const before = openBelow(store.root).length
    for await (const page of methods(store.backend).list(context(), key('d/e'), { limit: 1 })) {
      expect(page.entries).toHaveLength(1)
      break
    }
    expect(openBelow(store.root)).toHaveLength(before)
    const controller = new AbortController()
    const reading = (async () => {
      for await (const page of methods(store.backend).list(context(controller.signal), key('d/e'), { limit: 1 })) {
        expect(page.entries).toHaveLength(1)
        controller.abort()
      }
    })()
    expect(await codeOf(reading)).toBe('Aborted')
    expect(openBelow(store.root)).toHaveLength(before)
  })
})
