import { constants } from 'node:fs'
import { lstat, mkdir, readFile, readdir, readlink, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { recordFiles, temporaryFolder } from '../src/index.ts'
import type { FileLayer, Recorder } from '../src/index.ts'

const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY } = constants

async function put(files: FileLayer, path: string, text: string, sync: boolean): Promise<void> {
  const fd = await files.open(path, O_WRONLY | O_CREAT | O_TRUNC)
  await files.write(fd, Buffer.from(text), 0)
  if (sync) await files.sync(fd)
  await files.close(fd)
}

async function syncDirectory(files: FileLayer, path: string): Promise<void> {
  const fd = await files.open(path, O_RDONLY | O_DIRECTORY)
  await files.sync(fd)
  await files.close(fd)
}

interface Seen {
  readonly at: number
  readonly passed: readonly string[]
  readonly description: string
  /** Path to content; undefined for a directory. */
  readonly tree: Readonly<Record<string, string | undefined>>
}

async function look(recorder: Recorder, options: { seed?: number; count?: number } = {}): Promise<Seen[]> {
  const seen: Seen[] = []
  for await (const state of recorder.states({ seed: options.seed ?? 1, count: options.count ?? 300 })) {
    await using held = state
    const tree: Record<string, string | undefined> = {}
    for (const name of await readdir(held.folder, { recursive: true })) {
      const path = join(held.folder, name)
      const stats = await lstat(path)
      if (stats.isSymbolicLink()) tree[name] = `-> ${await readlink(path)}`
      else tree[name] = stats.isDirectory() ? undefined : await readFile(path, 'latin1')
    }
    seen.push({ at: held.at, passed: held.passed, description: held.description, tree })
  }
  return seen
}

/** The values of one path in states of which all marks were passed. */
function values(seen: readonly Seen[], path: string, marks: number): Set<string | undefined> {
  return new Set(seen.filter(({ passed }) => passed.length === marks).map(({ tree }) => tree[path]))
}

const long = (letter: string): string => letter.repeat(3000)

describe('what was not synced', () => {
  it('may be missing, empty, torn or full of zeroes after a rename by a naive writer', async () => {
    await using folder = await temporaryFolder('record')
    await writeFile(join(folder.path, 'value'), long('o'))
    const recorder = recordFiles(folder.path)
    await put(recorder.files, join(folder.path, 'next'), long('n'), false)
    await recorder.files.rename(join(folder.path, 'next'), join(folder.path, 'value'))
    recorder.mark('written')
    const found = values(await look(recorder, { count: 600 }), 'value', 1)
    expect(found).toContain(long('o'))
    expect(found).toContain(long('n'))
    expect(found).toContain('')
    expect(found).toContain('\0'.repeat(3000))
    const torn = [...found].filter((value) => value !== undefined && /^n+$/.test(value) && value.length < 3000)
    expect(torn.length).toBeGreaterThan(3)
    const sectors = [...found].filter((value) => value !== undefined && /n\0{512}|\0{512}n/.test(value))
    expect(sectors.length).toBeGreaterThan(3)
    expect(found).not.toContain(undefined)
  })

  it('leaves the old value when the directory was not synced after the rename', async () => {
    await using folder = await temporaryFolder('record')
    await writeFile(join(folder.path, 'value'), 'old')
    const recorder = recordFiles(folder.path)
    await put(recorder.files, join(folder.path, 'next'), 'new', true)
    await recorder.files.rename(join(folder.path, 'next'), join(folder.path, 'value'))
    recorder.mark('written')
    expect(values(await look(recorder), 'value', 1)).toEqual(new Set(['old', 'new']))
  })

  it('may take a new file away although its content was synced', async () => {
    await using folder = await temporaryFolder('record')
    const recorder = recordFiles(folder.path)
    await put(recorder.files, join(folder.path, 'value'), 'new', true)
    recorder.mark('written')
    expect(values(await look(recorder), 'value', 1)).toEqual(new Set([undefined, 'new']))
  })

  it('mixes old and new sectors when a file is written in place', async () => {
    await using folder = await temporaryFolder('record')
    await writeFile(join(folder.path, 'value'), long('o'))
    const recorder = recordFiles(folder.path)
    const fd = await recorder.files.open(join(folder.path, 'value'), O_RDWR)
    await recorder.files.write(fd, Buffer.from('n'.repeat(1024)), 1024)
    await recorder.files.close(fd)
    const found = [...values(await look(recorder), 'value', 0)].map(String)
    expect(found.every((value) => /^o{1024}[on]{1024}o{952}$/.test(value))).toBe(true)
    expect(found).toContain('o'.repeat(1536) + 'n'.repeat(512) + 'o'.repeat(952))
  })

  it('may undo a truncation, and shows no old bytes where the file has grown again', async () => {
    await using folder = await temporaryFolder('record')
    await writeFile(join(folder.path, 'value'), long('o'))
    const recorder = recordFiles(folder.path)
    const fd = await recorder.files.open(join(folder.path, 'value'), O_RDWR)
    await recorder.files.truncate(fd, 0)
    await recorder.files.write(fd, Buffer.from(long('n')), 0)
    await recorder.files.close(fd)
    const found = [...values(await look(recorder), 'value', 0)].map(String)
    expect(found).toContain(long('o'))
    expect(found).toContain('')
    expect(found.filter((value) => value.includes('o'))).toEqual([long('o')])
  })

  it('of one directory is undone from the last operation backwards, each directory for itself', async () => {
    await using folder = await temporaryFolder('record')
    await mkdir(join(folder.path, 'a'))
    await mkdir(join(folder.path, 'b'))
    const recorder = recordFiles(folder.path)
    for (const name of ['a/1', 'b/1', 'a/2', 'b/2']) await put(recorder.files, join(folder.path, name), name, true)
    const seen = await look(recorder, { count: 500 })
    const names = new Set(
      seen.map(({ tree }) =>
        Object.keys(tree)
          .filter((name) => name.includes('/'))
          .toSorted()
          .join(),
      ),
    )
    const expected = ['', 'a/1', 'a/1,a/2'].flatMap((a) =>
      ['', 'b/1', 'b/1,b/2'].map((b) => [a, b].filter(Boolean).join()),
    )
    expect([...names].toSorted()).toEqual(expected.toSorted())
  })

  it('loses a directory with all that is in it, synced or not', async () => {
    await using folder = await temporaryFolder('record')
    const recorder = recordFiles(folder.path)
    await recorder.files.mkdir(join(folder.path, 'made'))
    await put(recorder.files, join(folder.path, 'made/value'), 'new', true)
    await syncDirectory(recorder.files, join(folder.path, 'made'))
    recorder.mark('written')
    const seen = (await look(recorder)).filter(({ passed }) => passed.length === 1)
    expect(new Set(seen.map(({ tree }) => Object.keys(tree).join()))).toEqual(new Set(['', 'made,made/value']))
  })
})

describe('what was synced', () => {
  it('is never lost by a writer that syncs the file, renames it and syncs the directory', async () => {
    await using folder = await temporaryFolder('record')
    await writeFile(join(folder.path, 'value'), long('0'))
    const recorder = recordFiles(folder.path)
    for (const letter of ['1', '2', '3', '4']) {
      await put(recorder.files, join(folder.path, 'next'), long(letter), true)
      await recorder.files.rename(join(folder.path, 'next'), join(folder.path, 'value'))
      await syncDirectory(recorder.files, folder.path)
      recorder.mark(letter)
    }
    const seen = await look(recorder, { count: 500 })
    const ahead: string[] = []
    for (const { passed, tree, description } of seen) {
      const acknowledged = Number(passed.at(-1) ?? '0')
      const value = tree['value'] ?? ''
      expect([long(String(acknowledged)), long(String(acknowledged + 1))], description).toContain(value)
      if (value !== long(String(acknowledged))) ahead.push(description)
    }
    // A write may also show before it was acknowledged.
    expect(ahead.length).toBeGreaterThan(0)
    expect(new Set(seen.map(({ passed }) => passed.length))).toEqual(new Set([0, 1, 2, 3, 4]))
  })

  it('holds the records of a log up to the last sync, and of the rest a beginning or less', async () => {
    await using folder = await temporaryFolder('record')
    await writeFile(join(folder.path, 'log'), 'start.')
    const recorder = recordFiles(folder.path)
    const fd = await recorder.files.open(join(folder.path, 'log'), O_WRONLY | O_APPEND)
    await recorder.files.write(fd, Buffer.from('synced.'), 0)
    await recorder.files.sync(fd)
    recorder.mark('synced')
    await recorder.files.write(fd, Buffer.from('more.'), 0)
    await recorder.files.close(fd)
    expect(await readFile(join(folder.path, 'log'), 'utf8')).toBe('start.synced.more.')
    const found = [...values(await look(recorder), 'log', 1)].map(String)
    expect(found.every((value) => /^start\.synced\.(?:m?o?r?e?\.?|\0+)$/.test(value))).toBe(true)
    expect(found).toContain('start.synced.')
    expect(found).toContain('start.synced.mo')
  })

  it('takes a rename across directories with it whole, by either of the two', async () => {
    for (const synced of ['a', 'b', undefined]) {
      await using folder = await temporaryFolder('record')
      await mkdir(join(folder.path, 'a'))
      await mkdir(join(folder.path, 'b'))
      await writeFile(join(folder.path, 'a/value'), 'it')
      const recorder = recordFiles(folder.path)
      await recorder.files.rename(join(folder.path, 'a/value'), join(folder.path, 'b/value'))
      if (synced !== undefined) await syncDirectory(recorder.files, join(folder.path, synced))
      recorder.mark('moved')
      const seen = (await look(recorder, { count: 60 })).filter(({ passed }) => passed.length === 1)
      const found = new Set(
        seen.map(({ tree }) =>
          Object.keys(tree)
            .filter((name) => name.includes('/'))
            .join(),
        ),
      )
      expect(found).toEqual(new Set(synced === undefined ? ['a/value', 'b/value'] : ['b/value']))
    }
  })

  it('includes all earlier operations of the directory', async () => {
    await using folder = await temporaryFolder('record')
    await writeFile(join(folder.path, 'gone'), '')
    const recorder = recordFiles(folder.path)
    await recorder.files.unlink(join(folder.path, 'gone'))
    await recorder.files.symlink('elsewhere', join(folder.path, 'symbolic'))
    await put(recorder.files, join(folder.path, 'file'), 'it', true)
    await recorder.files.link(join(folder.path, 'file'), join(folder.path, 'hard'))
    await recorder.files.copy(join(folder.path, 'file'), join(folder.path, 'copied'))
    await recorder.files.mkdir(join(folder.path, 'made'))
    await recorder.files.mkdir(join(folder.path, 'removed'))
    await recorder.files.rmdir(join(folder.path, 'removed'))
    await syncDirectory(recorder.files, folder.path)
    recorder.mark('all')
    const seen = (await look(recorder)).filter(({ passed }) => passed.length === 1)
    const copies = new Set<string | undefined>()
    for (const { tree } of seen) {
      const { copied, ...rest } = tree
      copies.add(copied)
      expect(rest).toEqual({ symbolic: '-> elsewhere', file: 'it', hard: 'it', made: undefined })
    }
    expect([...copies].map(String).toSorted()).toEqual(expect.arrayContaining(['', 'it']))
  })
})

describe('the recorder', () => {
  it('follows paths through open directories, also when these were renamed', async () => {
    await using folder = await temporaryFolder('record')
    const recorder = recordFiles(folder.path)
    const { files } = recorder
    await files.mkdir(join(folder.path, 'before'))
    const directory = await files.open(join(folder.path, 'before'), O_RDONLY | O_DIRECTORY)
    await files.rename(join(folder.path, 'before'), join(folder.path, 'after'))
    await syncDirectory(files, folder.path)
    const name = Buffer.from([0x66, 0xff])
    const inside = Buffer.concat([Buffer.from(`/proc/self/fd/${directory}/`), name])
    const fd = await files.open(inside, O_WRONLY | O_CREAT | O_EXCL)
    await files.write(fd, Buffer.from('it'), 0)
    await files.sync(fd)
    await files.close(fd)
    await files.sync(directory)
    recorder.mark('all')
    await files.close(directory)
    for await (const state of recorder.states({ seed: 1, count: 40 })) {
      await using held = state
      if (held.passed.length === 0) continue
      expect(await readdir(join(held.folder, 'after'), { encoding: 'buffer' })).toEqual([name])
    }
  })

  it('keeps hard links and modes', async () => {
    await using folder = await temporaryFolder('record')
    await writeFile(join(folder.path, 'start'), 'it', { mode: 0o600 })
    const recorder = recordFiles(folder.path)
    await recorder.files.link(join(folder.path, 'start'), join(folder.path, 'link'))
    await syncDirectory(recorder.files, folder.path)
    for await (const state of recorder.states({ seed: 1, count: 1 })) {
      await using held = state
      const [one, other] = [await stat(join(held.folder, 'start')), await stat(join(held.folder, 'link'))]
      expect([one.ino === other.ino, one.nlink, one.mode & 0o777]).toEqual([true, 2, 0o600])
    }
  })

  it('gives the errors of the system and logs nothing of what failed', async () => {
    await using folder = await temporaryFolder('record')
    const recorder = recordFiles(folder.path)
    const missing = join(folder.path, 'missing')
    await expect(recorder.files.open(missing, O_RDONLY)).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(recorder.files.unlink(missing)).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(recorder.files.rename(missing, `${missing}2`)).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(recorder.files.mkdir(folder.path)).rejects.toMatchObject({ code: 'EEXIST' })
    await expect(recorder.files.rmdir(join(missing, 'deeper'))).rejects.toMatchObject({ code: 'ENOENT' })
    expect(recorder.length).toBe(0)
  })

  it('finds out what was changed behind it', async () => {
    await using folder = await temporaryFolder('record')
    const recorder = recordFiles(folder.path)
    await writeFile(join(folder.path, 'foreign'), '')
    await expect(recorder.files.open(join(folder.path, 'foreign'), O_RDONLY)).rejects.toThrow('behind the recorder')
  })

  it('leaves files outside its folder alone', async () => {
    await using folder = await temporaryFolder('record')
    await using other = await temporaryFolder('record')
    const recorder = recordFiles(folder.path)
    await put(recorder.files, join(other.path, 'value'), 'it', true)
    await recorder.files.unlink(join(other.path, 'value'))
    expect(recorder.length).toBe(0)
    await put(recorder.files, join(folder.path, 'value'), 'it', true)
    const across = recorder.files.rename(join(folder.path, 'value'), join(other.path, 'value'))
    await expect(across).rejects.toThrow('two sides')
  })

  it('puts operations that were started at once into one order', async () => {
    await using folder = await temporaryFolder('record')
    const recorder = recordFiles(folder.path)
    const names = Array.from({ length: 20 }, (_, index) => `file-${index}`)
    await Promise.all(names.map((name) => put(recorder.files, join(folder.path, name), name, true)))
    await syncDirectory(recorder.files, folder.path)
    recorder.mark('all')
    const seen = (await look(recorder, { count: 30 })).filter(({ passed }) => passed.length === 1)
    expect(seen.length).toBeGreaterThan(0)
    for (const { tree } of seen) expect(tree).toEqual(Object.fromEntries(names.map((name) => [name, name])))
  })
})

describe('states', () => {
  it('are the same for the same seed, and others for another', async () => {
    await using folder = await temporaryFolder('record')
    const recorder = recordFiles(folder.path)
    for (const name of ['1', '2', '3']) await put(recorder.files, join(folder.path, name), long(name), false)
    const first = await look(recorder, { seed: 7, count: 20 })
    expect(await look(recorder, { seed: 7, count: 20 })).toEqual(first)
    expect(await look(recorder, { seed: 8, count: 20 })).not.toEqual(first)
  })

  it('begin with the end and the points after each sync and rename, then lie anywhere', async () => {
    await using folder = await temporaryFolder('record')
    const recorder = recordFiles(folder.path)
    await put(recorder.files, join(folder.path, 'a'), 'a', true)
    await recorder.files.rename(join(folder.path, 'a'), join(folder.path, 'b'))
    await recorder.files.unlink(join(folder.path, 'b'))
    // create, write, sync, rename, remove
    const points = (await look(recorder, { count: 60 })).map(({ at }) => at)
    expect(points[0]).toBe(5)
    expect(new Set(points.slice(1, 3))).toEqual(new Set([3, 4]))
    expect(new Set(points)).toEqual(new Set([0, 1, 2, 3, 4, 5]))
    expect((await look(recorder, { count: 2 })).length).toBe(2)
  })

  it('are removed when they are disposed of', async () => {
    await using folder = await temporaryFolder('record')
    const recorder = recordFiles(folder.path)
    for await (const state of recorder.states({ seed: 1, count: 1 })) {
      await state[Symbol.asyncDispose]()
      await expect(stat(state.folder)).rejects.toMatchObject({ code: 'ENOENT' })
    }
  })
})
