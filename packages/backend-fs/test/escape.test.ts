import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { codeOf, context, key, methods, openBelow, openStore, source, temporaryRoot } from './support.ts'
import { start } from './processes/run.ts'

/** A folder outside, with a secret in it. */
function outside(): string {
  const path = temporaryRoot()
  writeFileSync(join(path, 'secret'), 'secret')
  mkdirSync(join(path, 'inner'))
  return path
}

for (const folders of [undefined, 'path'] as const) {
  describe(`the root, ${folders === undefined ? 'with directories by descriptor' : 'with directories by path'}`, () => {
    it('is not left through a linked directory by any operation', async () => {
      const secret = outside()
      await using store = openStore({ folders })
      await store.put('own', 'own')
      symlinkSync(secret, join(store.root, 'evil'))
      const all = methods(store.backend)
      const attempts: Record<string, () => Promise<unknown>> = {
        stat: () => store.stat('evil/secret'),
        'stat deeper': () => store.stat('evil/inner/x'),
        read: () => store.get('evil/secret'),
        write: () => store.put('evil/new', 'x'),
        'write, absent': () => store.put('evil/new', 'x', { ifAbsent: true }),
        'write, new parents': () => store.put('evil/a/b/new', 'x'),
        delete: () => all.delete(context(), key('evil/secret'), {}),
        'copy from': () => all.copy(context(), key('evil/secret'), key('copied'), {}),
        'copy to': () => all.copy(context(), key('own'), key('evil/new'), {}),
        'move from': () => all.move(context(), key('evil/secret'), key('moved'), {}),
        'move to': () => all.move(context(), key('own'), key('evil/new'), {}),
        update: () => all.update(context(), key('evil/secret'), { mode: 0o777 }),
        list: () => store.entries('evil'),
        'make a directory': async () => all.directories?.make(context(), key('evil/directory')),
        'remove a directory': async () => all.directories?.remove(context(), key('evil/inner')),
        link: async () => all.links?.make(context(), key('evil/link'), 'x'),
        open: () => all.open(context(), key('evil/secret'), 'read'),
        'open for writing': () => all.open(context(), key('evil/secret'), 'in-place'),
      }
      const codes: Record<string, string> = {}
      for (const [name, attempt] of Object.entries(attempts)) codes[name] = await codeOf(attempt())
      expect(codes).toEqual(Object.fromEntries(Object.keys(attempts).map((name) => [name, 'PermissionDenied'])))
      expect(readdirSync(secret).toSorted()).toEqual(['inner', 'secret'])
      expect(await store.names()).toEqual(['evil', 'own'])
      rmSync(secret, { recursive: true })
    })

    it('is left by no file that is itself a link', async () => {
      const secret = outside()
      await using store = openStore({ folders })
      symlinkSync(join(secret, 'secret'), join(store.root, 'evil'))
      symlinkSync(secret, join(store.root, 'folder'))
      const all = methods(store.backend)
      expect(await codeOf(store.get('evil'))).toBe('PermissionDenied')
      expect(await codeOf(store.get('folder'))).toBe('PermissionDenied')
      expect(await codeOf(all.copy(context(), key('evil'), key('copied'), {}))).toBe('PermissionDenied')
      expect(await codeOf(all.open(context(), key('evil'), 'in-place'))).toBe('Unsupported')
      await store.put('evil', 'replaced')
      expect(readFileSync(join(secret, 'secret'), 'utf8')).toBe('secret')
      rmSync(secret, { recursive: true })
    })

    it('is not left after a directory that was in use was moved out and a link put in its place', async () => {
      const secret = outside()
      await using store = openStore({ folders })
      await store.put('a/d/x', 'inside')
      await store.stat('a/d/x')
      renameSync(join(store.root, 'a/d'), join(secret, 'd'))
      symlinkSync(join(secret, 'd'), join(store.root, 'a/d'))
      expect(await codeOf(store.stat('a/d/x'))).toBe('PermissionDenied')
      expect(await codeOf(store.get('a/d/x'))).toBe('PermissionDenied')
      expect(await codeOf(store.put('a/d/x', 'new'))).toBe('PermissionDenied')
      expect(readFileSync(join(secret, 'd/x'), 'utf8')).toBe('inside')
      rmSync(secret, { recursive: true })
    })

    it('may be gone about inside by links', async () => {
      await using store = openStore({ folders })
      await store.put('real/d/x', '1')
      symlinkSync('real/d', join(store.root, 'short'))
      symlinkSync('.', join(store.root, 'self'))
      expect(await store.get('short/x')).toBe('1')
      await store.put('short/y', '2')
      expect(await store.get('real/d/y')).toBe('2')
      expect(await store.names('short')).toEqual(['short/x', 'short/y'])
      expect(await store.get('self/real/d/x')).toBe('1')
      const listed = await store.names('self')
      expect(listed).toContain('self/real/d/x')
      expect(listed.filter((name) => name.includes('.kit'))).toEqual([])
    })

    it('keeps the reserved folder to itself, whatever links lead there', async () => {
      await using store = openStore({ folders })
      await store.put('x', '1')
      symlinkSync('.kit', join(store.root, 'way'))
      expect(await codeOf(store.entries('way'))).toBe('PermissionDenied')
      expect(await codeOf(store.put('way/tmp/x', '1'))).toBe('PermissionDenied')
      expect(await store.names()).toEqual(['way', 'x'])
    })
  })
}

describe('a directory that is swapped for a link again and again', () => {
  it('leads out at no moment', { timeout: 60_000 }, async () => {
    const secret = outside()
    await using store = openStore()
    mkdirSync(join(store.root, 'a/d'), { recursive: true })
    writeFileSync(join(store.root, 'a/d/secret'), 'inside')
    const before = (await store.stat('a/d/secret')).size
    const swapper = start('swap', join(store.root, 'a/d'), secret)
    await once(swapper.stdout ?? swapper, 'data')
    const all = methods(store.backend)
    const codes = new Set<string>()
    const note = async (work: Promise<unknown>): Promise<void> => void codes.add(await codeOf(work))
    const end = performance.now() + 3000
    let rounds = 0
    while (performance.now() < end) {
      rounds++
      await Promise.all([
        note(store.get('a/d/secret').then((text) => expect(text).toBe('inside'))),
        note(store.stat('a/d/secret').then((entry) => expect([before, 7]).toContain(entry.size))),
        note(store.put('a/d/new', 'written')),
        note(store.put(`a/d/inner/${rounds}`, 'written')),
        note(store.entries('a').then((found) => expect(found.map((entry) => entry.key)).not.toContain('a/d/inner/x'))),
        note(all.delete(context(), key('a/d/gone'), {})),
        note(all.update(context(), key('a/d/secret'), { mode: 0o600 })),
        note(all.write(context(), key('a/d/absent'), source('x'), { ifAbsent: true })),
      ])
    }
    expect(swapper.exitCode).toBeNull()
    swapper.kill('SIGKILL')
    await once(swapper, 'exit')
    expect(
      [...codes].filter(
        (code) => !/^(success|NotFound|PermissionDenied|AlreadyExists|Unavailable|NotDirectory)$/.test(code),
      ),
    ).toEqual([])
    expect(readdirSync(secret).toSorted()).toEqual(['inner', 'secret'])
    expect(readdirSync(join(secret, 'inner'))).toEqual([])
    expect(rounds).toBeGreaterThan(10)
    expect(existsSync(join(secret, 'new'))).toBe(false)
    expect(openBelow(secret)).toEqual([])
    rmSync(secret, { recursive: true })
  })
})
