import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nameFromBytes } from '@kit/core'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { codeOf, context, key, methods, openStore } from './support.ts'

const odd = [
  'a:b',
  'a\\b',
  ' ',
  '  lead and trail  ',
  '-rf',
  '*',
  '?',
  '"',
  "'",
  '%',
  '%2e%2e',
  'con',
  'CON',
  '~',
  '.hidden',
  '...',
  'a.',
  'ä',
  'a\u0308',
  'ﬁ',
  '\u202e',
  '𝄞',
  '日本語',
  '\n',
  '\t',
  '\u007f',
  '\u0001',
  '\ufffd',
  '\ufeff',
  'A',
  'a',
  'x'.repeat(255),
]

describe('names', () => {
  it('are kept exactly, and every one is another', async () => {
    await using store = openStore()
    for (const name of odd) await store.put(`d/${name}`, name)
    for (const name of odd) expect(await store.get(`d/${name}`)).toBe(name)
    expect(await store.names('d')).toEqual(odd.map((name) => `d/${name}`).toSorted())
  })

  it('that are not UTF-8 go there and back', async () => {
    await using store = openStore()
    const names = [[0xff], [0x61, 0xc3], [0xed, 0xa0, 0x80], [0xfe, 0x62]].map((given) =>
      nameFromBytes(Uint8Array.from(given)),
    )
    for (const name of names) {
      expect(name.isWellFormed()).toBe(false)
      await store.put(`${name}/${name}`, name.length.toString())
    }
    await store.put('\ufffd', 'the character itself')
    expect(await store.names()).toEqual(['\ufffd', ...names, ...names.map((name) => `${name}/${name}`)].toSorted())
    for (const name of names) {
      expect(await store.get(`${name}/${name}`)).toBe(name.length.toString())
      expect((await store.stat(`${name}/${name}`)).key).toBe(`${name}/${name}`)
      expect(await store.names(name)).toEqual([`${name}/${name}`])
    }
    const raw = readdirSync(store.root, { encoding: 'buffer' }).map((name) => name.toString('hex'))
    expect(raw).toEqual(expect.arrayContaining(['ff', '61c3', 'eda080', 'fe62', 'efbfbd']))
    const { delete: remove, links, copy } = methods(store.backend)
    const [first = ''] = names
    await copy(context(), key(`${first}/${first}`), key(`copy-${first}`), {})
    await links?.make(context(), key('link'), first)
    expect((await store.stat('link')).target).toBe(first)
    await remove(context(), key(`copy-${first}`), {})
    expect(await codeOf(store.stat(`copy-${first}`))).toBe('NotFound')
  })

  it('of any bytes go there and back', async () => {
    await using store = openStore()
    const segment = fc
      .uint8Array({ minLength: 1, maxLength: 60 })
      .filter((given) => !given.includes(0) && !given.includes(47))
      .map((given) => nameFromBytes(given))
      .filter((name) => name !== '.' && name !== '..' && name !== '.kit')
    await fc.assert(
      fc.asyncProperty(segment, segment, async (directory, name) => {
        const written = await store.put(`${directory}/d/${name}`, name)
        expect(await store.stat(`${directory}/d/${name}`)).toEqual(written)
        expect(await store.names(`${directory}/d`)).toContain(`${directory}/d/${name}`)
      }),
      { numRuns: 100 },
    )
  })

  it('that are too long are InvalidKey', async () => {
    await using store = openStore()
    expect(await codeOf(store.put('x'.repeat(256), ''))).toBe('InvalidKey')
    expect(await store.names()).toEqual([])
  })

  it('that others made are listed', async () => {
    await using store = openStore()
    mkdirSync(join(store.root, 'd'))
    writeFileSync(Buffer.concat([Buffer.from(join(store.root, 'd/')), Buffer.from([0xe9])]), 'latin')
    const [entry] = await store.entries('d')
    expect(entry).toMatchObject({ key: 'd/\udce9', size: 5 })
  })
})
