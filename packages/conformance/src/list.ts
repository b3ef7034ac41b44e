import { readFile } from 'node:fs/promises'
import type { StoreEntry } from '@kit/core'
import { compareKeys } from '@kit/core'
import type { CaseGroup } from './case.ts'
import { all, holds, same, sameBytes } from './expect.ts'
import type { Scene } from './scene.ts'

const tree = ['a-b', 'a.b', 'b/1', 'b/2', 'b/c/d/e', 'c', 'z/deep/er/file', 'ä']

async function plant(scene: Scene, names: readonly string[]): Promise<void> {
  for (const name of names) await scene.put(name, name)
}

async function listed(scene: Scene, directory: string, options = {}): Promise<string[]> {
  return (await all(scene.store.list(directory, options))).map((entry) => scene.name(entry))
}

/** Directories are found by a recursive listing only where they are real or marked. */
function files(names: readonly string[]): string[] {
  return names.filter((name) => !name.endsWith('/')).toSorted()
}

export const list: CaseGroup = {
  name: 'list',
  needs: ['objects to read', 'list'],
  cases: [
    {
      title: 'a store with nothing in it lists nothing',
      needs: ['a store of its own', 'write'],
      async run(scene) {
        same(await listed(scene, ''), [], 'lists: an empty store is empty')
        same(await listed(scene, '', { recursive: true }), [], 'lists: an empty store is empty')
      },
    },
    {
      title: 'a missing directory is empty',
      async run(scene) {
        await scene.put('there/file', 'x')
        for (const name of ['missing', 'ther', 'there2', 'there/file2', 'missing/below']) {
          for (const recursive of [false, true]) {
            same(
              await listed(scene, scene.key(name), { recursive }),
              [],
              `lists: a missing directory is empty (${name})`,
            )
          }
        }
      },
    },
    {
      // One who transforms what is below must not pass on the files of that.
      title: 'a file that an entry names holds the object, and is named wherever that is declared',
      async run(scene) {
        await scene.put('local', 'the bytes')
        const declared = scene.capabilities.hints?.localFiles === true
        for (const { key, kind, file } of await all(scene.store.list(scene.directory, { want: ['file'] }))) {
          if (kind !== 'file') continue
          holds(
            declared === (file !== undefined),
            'lists: files are named where `hints.localFiles` says so',
            declared,
            file,
          )
          if (file === undefined) continue
          const held = (await readFile(file.path)).subarray(file.from)
          sameBytes(held, await (await scene.store.read(key)).bytes(), 'lists: the file of an entry holds the object')
        }
      },
    },
    {
      title: 'the root lists what is there, without a name asked for',
      async run(scene) {
        await scene.put('x', 'x')
        const root = await all(scene.store.list())
        const own = root.filter(({ key }) => key === scene.directory)
        same(
          own.map(({ kind }) => kind),
          ['directory'],
          'lists: the root holds the directory that was made',
        )
        for (const { key } of root) holds(!key.includes('/'), 'lists: only what is directly in it', 'one segment', key)
      },
    },
    {
      title: 'a directory lists what is directly in it, directories once (C2)',
      async run(scene) {
        await plant(scene, tree)
        const expected = ['a-b', 'a.b', 'b/', 'c', 'z/', 'ä']
        same(
          (await listed(scene, scene.directory)).toSorted(),
          expected.toSorted(),
          'lists: what is directly in a directory',
        )
        same((await listed(scene, scene.key('b'))).toSorted(), ['b/1', 'b/2', 'b/c/'], 'lists: a directory below')
      },
    },
    {
      title: 'a recursive listing gives all files at any depth, once, and directories that are there',
      async run(scene) {
        await plant(scene, tree)
        const found = await listed(scene, scene.directory, { recursive: true })
        same(files(found), tree.toSorted(), 'lists: recursive gives all files')
        const directories = found.filter((name) => name.endsWith('/')).toSorted()
        const real = ['b/', 'b/c/', 'b/c/d/', 'z/', 'z/deep/', 'z/deep/er/']
        const kind = scene.capabilities.directories
        if (kind !== 'marker') {
          same(directories, kind === 'real' ? real : [], 'lists: recursive gives directories only where they are real')
        }
        const below = files(await listed(scene, scene.key('b'), { recursive: true }))
        same(below, ['b/1', 'b/2', 'b/c/d/e'], 'lists: recursive gives what is below, nothing beside it')
      },
    },
    {
      title: 'names that sort before the slash are kept apart from what is below',
      async run(scene) {
        const names = [
          'dir-x',
          'dir.x',
          'dir/in',
          'dir x',
          'dir!x',
          'dir0',
          'dirx/in',
          ...(scene.capabilities.keys.fileAndPrefix ? ['dir'] : []),
        ]
        await plant(scene, names)
        const own = scene.capabilities.keys.fileAndPrefix ? ['dir'] : []
        const expected = [...own, 'dir x', 'dir!x', 'dir-x', 'dir.x', 'dir/', 'dir0', 'dirx/']
        same((await listed(scene, scene.directory)).toSorted(), expected.toSorted(), 'lists: `dir/` is not `dir-x`')
        same(await listed(scene, scene.key('dir')), ['dir/in'], 'lists: a directory holds none of its siblings')
        const below = await listed(scene, scene.key('dir'), { recursive: true })
        same(files(below), ['dir/in'], 'lists: recursive gives none of its siblings')
      },
    },
    {
      title: 'a file listed as a directory is empty',
      async run(scene) {
        const key = await scene.put('file', 'x')
        const found = await all(scene.store.list(key)).catch((error: unknown) => error)
        if (!(found instanceof Error)) same(found, [], 'lists: a file holds nothing')
        else same(Reflect.get(found, 'code'), 'NotDirectory', 'lists: a file is empty or NotDirectory')
      },
    },
    {
      title: 'every file is listed with kind and size',
      async run(scene) {
        for (const length of [0, 1, 5000]) await scene.put(`of-${length}`, new Uint8Array(length))
        for (const recursive of [false, true]) {
          for (const entry of await all(scene.store.list(scene.directory, { recursive }))) {
            same(entry.kind, 'file', 'lists: entries tell their kind')
            same(entry.size, Number(entry.key.split('of-')[1]), 'lists: sizes are always given')
          }
        }
      },
    },
    {
      title: 'declared fields are given for every file without being asked for',
      async run(scene) {
        await plant(scene, ['one', 'two'])
        const fields = scene.capabilities.list?.fields ?? []
        for (const entry of await all(scene.store.list(scene.directory))) {
          for (const field of fields) {
            holds(entry[field] !== undefined, `lists: the declared field ${field} is given`, field, entry)
          }
        }
      },
    },
    {
      title: '`ordered` gives the order of the UTF-8 bytes',
      async run(scene) {
        const names = [
          'b',
          'a',
          'B',
          '~',
          'é',
          '10',
          '9',
          'a-',
          'a.',
          '\u{1f600}',
          '\u{fffd}',
          '\u{ff5e}',
          'a/x',
          'a0/x',
        ]
        const kept = scene.capabilities.keys.fileAndPrefix ? names : names.filter((name) => name !== 'a')
        await plant(scene, kept)
        for (const recursive of [false, true]) {
          const found = await all(scene.store.list(scene.directory, { ordered: true, recursive }))
          ordered(found)
          holds(
            found.length >= kept.length - (recursive ? 0 : 1),
            'lists: ordering loses nothing',
            kept.length,
            found.length,
          )
        }
        if (scene.capabilities.list?.ordered !== 'native') return
        ordered(await all(scene.store.list(scene.directory)))
        ordered(await all(scene.store.list(scene.directory, { recursive: true })))
      },
    },
    {
      title: '`after` leaves out the name it tells and all before it, whether the name exists or not',
      async run(scene) {
        await plant(scene, ['a', 'b', 'b-1', 'c/1', 'c/2', 'd'])
        const rest = async (after: string, recursive: boolean): Promise<string[]> =>
          listed(scene, scene.directory, { after: scene.key(after), recursive })
        const rule = 'lists: `after` is exclusive and need not exist'
        same(await rest('b', false), ['b-1', 'c/', 'd'], rule)
        same(await rest('b0', false), ['c/', 'd'], rule)
        same(await rest('a', false), ['b', 'b-1', 'c/', 'd'], rule)
        same(await rest('0', false), ['a', 'b', 'b-1', 'c/', 'd'], rule)
        same(await rest('d', false), [], rule)
        same(await rest('zzz', false), [], rule)
        same(
          (await rest('c/1', true)).filter((name) => !name.endsWith('/')),
          ['c/2', 'd'],
          rule,
        )
        same(
          (await rest('b-1', true)).filter((name) => !name.endsWith('/')),
          ['c/1', 'c/2', 'd'],
          rule,
        )
      },
    },
    {
      title: 'pages have at most `limit` entries and together are the listing',
      async run(scene) {
        const names = Array.from({ length: 23 }, (_, index) => `n-${String(index).padStart(2, '0')}`)
        await plant(scene, [...names, 'dir/below', 'n-05-dir/below'])
        const expected = [...names, 'dir/', 'n-05-dir/'].toSorted()
        for (const limit of [1, 5, 25, 1000]) {
          const pages = await all(scene.store.list(scene.directory, { limit }).pages())
          for (const { entries } of pages) {
            holds(entries.length <= limit, 'lists: a page has at most `limit` entries', limit, entries.length)
          }
          const found = pages.flatMap(({ entries }) => entries.map((entry) => scene.name(entry)))
          same(found.toSorted(), expected, `lists: pages together are the listing, nothing twice (limit ${limit})`)
        }
      },
    },
    {
      title: 'a cursor goes on where its page ended, in another store too',
      needs: ['list.cursor'],
      async run(scene) {
        const names = Array.from({ length: 12 }, (_, index) => `n-${String(index).padStart(2, '0')}`)
        await plant(scene, [...names, 'dir/a', 'dir/b'])
        for (const recursive of [false, true]) {
          const whole = files(await listed(scene, scene.directory, { recursive }))
          const found: string[] = []
          let cursor: string | undefined
          const store = scene.subject.shared === true ? await scene.another() : scene.store
          for (let count = 0; count < 50; count++) {
            const pages = store.list(scene.directory, { recursive, limit: 5, cursor }).pages()
            const page = await firstOf(pages)
            found.push(...(page?.entries ?? []).map((entry) => scene.name(entry)))
            cursor = page?.cursor
            if (cursor === undefined) break
          }
          same(files(found), whole, 'lists: a cursor continues after its page')
          holds(new Set(found).size === found.length, 'lists: no entry comes twice', 'each once', found)
        }
      },
    },
    {
      title: 'a listing longer than a page comes whole and without repeats',
      needs: ['write'],
      async run(scene) {
        const pageMax = scene.capabilities.list?.pageMax ?? 1000
        const count = scene.full ? pageMax + 7 : Math.min(pageMax + 7, 1100)
        const names = Array.from({ length: count }, (_, index) => `file-${String(index).padStart(5, '0')}`)
        for (let at = 0; at < count; at += 50) {
          await Promise.all(names.slice(at, at + 50).map((name) => scene.put(name, '')))
        }
        const found = await listed(scene, scene.directory)
        same(found.length, count, 'lists: nothing is missing and nothing comes twice')
        same(found.toSorted(), names, 'lists: nothing is missing and nothing comes twice')
      },
    },
    {
      title: 'what exists all through a listing appears once, whatever else comes and goes',
      needs: ['write', 'delete', 'consistent.list'],
      async run(scene) {
        const stay = Array.from({ length: 30 }, (_, index) => `s-${String(index).padStart(3, '0')}`)
        await plant(scene, stay)
        for (const name of ['s-004a', 's-012a', 's-020a']) await scene.put(name, 'goes')
        const found: string[] = []
        let page = 0
        for await (const { entries } of scene.store.list(scene.directory, { limit: 4 }).pages()) {
          found.push(...entries.map((entry) => scene.name(entry)))
          await scene.store.delete(scene.key(['s-004a', 's-012a', 's-020a'][page % 3] ?? ''))
          await scene.put(`s-0${page}0-new`, 'comes')
          await scene.put(`a-${page}`, 'comes before')
          page++
        }
        const seen = found.filter((name) => stay.includes(name)).toSorted()
        same(seen, stay, 'lists: what exists all through a listing appears exactly once')
      },
    },
    {
      title: 'a listing that is not read to its end is freed, and lists anew the next time',
      async run(scene) {
        await plant(scene, ['a', 'b', 'c', 'd', 'e'])
        const listing = scene.store.list(scene.directory, { limit: 2 })
        for (let round = 0; round < 5; round++) {
          for await (const entry of listing) {
            holds(entry.kind === 'file', 'lists: entries tell their kind', 'file', entry.kind)
            break
          }
        }
        same((await all(listing)).length, 5, 'lists: each iteration lists anew')
      },
    },
    {
      title: 'a new object is listed at once, a deleted one no more',
      needs: ['write', 'delete', 'consistent.list'],
      async run(scene) {
        for (let round = 0; round < 5; round++) {
          await scene.put(`new-${round}`, 'x')
          same(await scene.names(), [`new-${round}`], 'consistency: a listing after a resolved change shows it')
          await scene.store.delete(scene.key(`new-${round}`))
          same(await scene.names(), [], 'consistency: a listing after a resolved change shows it')
        }
      },
    },
  ],
}

function ordered(entries: readonly StoreEntry[]): void {
  for (const [index, entry] of entries.entries()) {
    const before = entries[index - 1]
    if (before === undefined) continue
    const right = compareKeys(before.key, entry.key) < 0 || (before.key === entry.key && before.kind !== entry.kind)
    holds(right, 'order: by the UTF-8 bytes of the key', `${before.key} before ${entry.key}`, 'the other way round')
  }
}

async function firstOf<Item>(items: AsyncIterable<Item>): Promise<Item | undefined> {
  for await (const item of items) return item
  return undefined
}
