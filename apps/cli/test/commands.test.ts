import { link, mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { jsonLines, workplace, type Workplace } from './kit-command.ts'

// Every command is a process of its own, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 })

/** Some objects in the store `a`. */
async function filled(): Promise<Workplace> {
  const place = await workplace()
  await mkdir(join(place.folder, 'data/2026'), { recursive: true })
  await writeFile(join(place.folder, 'data/2026/trip.json'), '{"days":3}')
  await writeFile(join(place.folder, 'data/2026/ünï "x".txt'), 'x')
  await writeFile(join(place.folder, 'data/top.txt'), 'hello')
  return place
}

describe('kit ls', () => {
  test('lists a store, a directory and a file', async () => {
    const { kit } = await filled()
    const [whole, directory, file, deep] = await Promise.all([
      kit(['ls', 'a:']),
      kit(['ls', 'a:2026/']),
      kit(['ls', 'a:top.txt']),
      kit(['ls', '-r', '-l', 'a:']),
    ])
    expect(whole).toStrictEqual({ code: 0, stdout: '2026/\ntop.txt\n', stderr: '' })
    expect(directory.stdout).toBe('trip.json\nünï "x".txt\n')
    expect(file.stdout).toBe('top.txt\n')
    expect(deep.stdout).toMatch(/^ +10 {2}20\d\d-\S+Z {2}2026\/trip\.json$/m)
  })

  test('of an empty folder is empty and no error; of one that is not there it says so, as tree does', async () => {
    const { folder, kit } = await filled()
    await mkdir(join(folder, 'data/empty'))
    for (const target of ['a:empty', 'a:empty/', './data/empty']) {
      expect(await kit(['ls', target])).toStrictEqual({ code: 0, stdout: '', stderr: '' })
      expect(await kit(['tree', target])).toMatchObject({ code: 0, stderr: '' })
    }
    // What a filter leaves out is there all the same.
    expect(await kit(['ls', 'a:2026', '--include', 'none'])).toStrictEqual({ code: 0, stdout: '', stderr: '' })
    expect(await kit(['ls', 'a:top.txt', '--include', 'none'])).toStrictEqual({ code: 0, stdout: '', stderr: '' })
    for (const verb of ['ls', 'tree']) {
      for (const [target, beside] of [
        ['a:nnoe', 'a:'],
        ['a:2026/nnoe/', 'a:2026'],
        ['a:top.txt/below', 'a:top.txt'],
        ['./data/2026/nnoe', join(folder, 'data/2026')],
      ] as const) {
        expect([target, await kit([verb, target])]).toStrictEqual([
          target,
          { code: 3, stdout: '', stderr: expect.stringContaining('there is no such file or directory') },
        ])
        expect((await kit([verb, target])).stderr).toContain(`hint: Check the name; \`kit ls ${beside}\` shows`)
      }
      const [told] = jsonLines(
        (await kit([verb, '-r', '--json', 'a:nnoe'].filter((word) => verb === 'ls' || word !== '-r'))).stdout,
      )
      expect(told).toMatchObject({
        type: 'result',
        success: false,
        error: { code: 'NotFound', key: 'nnoe', store: 'a' },
      })
    }
    // The folder of a store is made when something is written: a store that is new is empty.
    const fresh = await workplace()
    expect(await fresh.kit(['ls', 'a:'])).toStrictEqual({ code: 0, stdout: '', stderr: '' })
  })

  test('of nothing is empty where directories are only parts of keys', async () => {
    const { kit } = await workplace('stores: { m: { type: memory } }\n')
    expect(await kit(['ls', 'm:none'])).toStrictEqual({ code: 0, stdout: '', stderr: '' })
    expect(await kit(['tree', 'm:none'])).toMatchObject({ code: 0, stderr: '' })
  })

  test('gives JSON lines that end in a result (E1)', async () => {
    const { kit } = await filled()
    const { code, stdout, stderr } = await kit(['ls', '--json', 'a:2026'])
    expect({ code, stderr }).toStrictEqual({ code: 0, stderr: '' })
    expect(jsonLines(stdout)).toStrictEqual([
      expect.objectContaining({
        type: 'entry',
        address: 'a:2026/trip.json',
        kind: 'file',
        key: '2026/trip.json',
        size: 10,
      }),
      expect.objectContaining({ type: 'entry', address: 'a:2026/ünï "x".txt', size: 1 }),
      {
        type: 'result',
        success: true,
        operation: 'ls',
        timestamp: expect.any(String),
        correlation_id: expect.any(String),
        entries: 2,
        bytes: 11,
      },
    ])
  })

  test('lists local folders, through links too', async () => {
    const { folder, kit } = await filled()
    await symlink('data', join(folder, 'link'))
    expect((await kit(['ls', './link'])).stdout).toBe('2026/\ntop.txt\n')
    expect((await kit(['ls', join(folder, 'data')])).stdout).toBe('2026/\ntop.txt\n')
    expect((await kit(['ls', `file://${folder}/data/2026`])).stdout).toBe('trip.json\nünï "x".txt\n')
  })
})

describe('kit cat', () => {
  test('writes several objects one after the other', async () => {
    const { kit } = await filled()
    const { code, stdout } = await kit(['cat', 'a:2026/trip.json', './data/top.txt'])
    expect({ code, stdout }).toStrictEqual({ code: 0, stdout: '{"days":3}hello' })
  })

  test.each([
    [['--range', '1-3'], 'ell'],
    [['--range', '3-'], 'lo'],
    [['--range', '-2'], 'lo'],
    [['--offset', '1', '--length', '2'], 'el'],
    [['--offset', '4'], 'o'],
    [['--length', '1 KiB'], 'hello'],
  ])('writes the part that %j names', async (words, part) => {
    const { kit } = await filled()
    expect((await kit(['cat', ...words, 'a:top.txt'])).stdout).toBe(part)
  })

  test.each([[['--range', 'x']], [['--range', '3-1']], [['--range', '1-', '--offset', '1']], [['--offset', '-1']]])(
    'refuses %j as usage',
    async (words) => {
      const { kit } = await filled()
      expect(await kit(['cat', ...words, 'a:top.txt'])).toMatchObject({ code: 2, stdout: '' })
    },
  )

  test('leaves standard output to the bytes under --json', async () => {
    const { kit } = await filled()
    const { stdout, stderr } = await kit(['cat', '--json', 'a:top.txt'])
    expect(stdout).toBe('hello')
    expect(JSON.parse(stderr)).toMatchObject({ type: 'result', success: true, objects: 1, bytes: 5 })
  })

  test('passes bytes on as they are', async () => {
    const { folder, kit } = await workplace()
    const bytes = Uint8Array.from({ length: 5_000_000 }, (_, index) => index * 7)
    await writeFile(join(folder, 'in.bin'), bytes)
    await kit(['cp', 'in.bin', 'a:x.bin'])
    await kit(['cp', 'a:x.bin', 'out.bin'])
    expect(Buffer.compare(await readFile(join(folder, 'out.bin')), bytes)).toBe(0)
  })
})

describe('kit stat', () => {
  test('tells everything about an object, for people and as one document', async () => {
    const { kit } = await filled()
    expect((await kit(['stat', 'a:top.txt'])).stdout).toMatch(
      /^address {3}a:top\.txt\nkind {6}file\n[^]*\nmode {6}0\d{3}\n/,
    )
    const lines = jsonLines((await kit(['stat', '--json', 'a:top.txt'])).stdout)
    expect(lines).toMatchObject([
      { type: 'result', operation: 'stat', entry: { key: 'top.txt', kind: 'file', size: 5 } },
    ])
  })

  test('does not follow a link', async () => {
    const { folder, kit } = await filled()
    await symlink('data/top.txt', join(folder, 'link'))
    expect((await kit(['stat', 'link'])).stdout).toMatch(/target +data\/top\.txt/)
  })
})

describe('kit cp', () => {
  test('copies into a store, out of it and within it', async () => {
    const { folder, kit } = await filled()
    expect(await kit(['cp', 'kit.yaml', 'a:deep/er/'])).toStrictEqual({ code: 0, stdout: '', stderr: '' })
    await kit(['cp', 'a:deep/er/kit.yaml', 'a:copy.yaml'])
    await kit(['cp', 'a:copy.yaml', '.'])
    expect(await readFile(join(folder, 'copy.yaml'), 'utf8')).toContain('stores:')
    expect((await readdir(folder)).toSorted()).toStrictEqual(['copy.yaml', 'data', 'kit.yaml'])
  })

  test('copies several sources into a directory, and goes on where one is missing', async () => {
    const { kit } = await filled()
    const { code, stdout, stderr } = await kit(['cp', '--json', 'a:top.txt', 'a:none', 'a:2026/trip.json', 'a:into'])
    expect(code).toBe(6)
    expect(stderr).toContain('NotFound')
    const lines = jsonLines(stdout)
    // Several at once: they end in any order.
    expect(lines.slice(0, -1).toSorted((a, b) => String(a['to']).localeCompare(String(b['to'])))).toMatchObject([
      { type: 'copied', from: 'a:top.txt', to: 'a:into/top.txt', entry: { size: 5 } },
      { type: 'copied', to: 'a:into/trip.json' },
      { type: 'failed', address: 'a:none', error: { code: 'NotFound' } },
    ])
    expect(lines.slice(-1)).toMatchObject([
      { type: 'result', success: false, copied: 2, bytes: 15, failed: 1, error: { code: 'NotFound', key: 'none' } },
    ])
  })

  test('does not let two sources become one', async () => {
    const { folder, kit } = await filled()
    await writeFile(join(folder, 'data/2026/top.txt'), 'other')
    const { code, stderr } = await kit(['cp', 'a:top.txt', 'a:2026/top.txt', './data/top.txt', 'a:into/'])
    expect(code).toBe(6)
    expect(stderr.match(/another source goes to a:into\/top\.txt already/g)).toHaveLength(2)
    expect(await readFile(join(folder, 'data/into/top.txt'), 'utf8')).toBe('hello')
  })

  test('streams standard input and output', async () => {
    const { kit } = await workplace()
    const text = 'line\n'.repeat(200_000)
    expect((await kit(['cp', '-', 'a:lines'], { input: text })).code).toBe(0)
    expect((await kit(['cp', 'a:lines', '-'])).stdout).toBe(text)
  })

  test('needs a name for standard input', async () => {
    const { kit } = await workplace()
    expect(await kit(['cp', '-', 'a:'])).toMatchObject({ code: 1, stderr: expect.stringContaining('has no name') })
  })

  test('copies a tree as DST, or into DST/ under its name', async () => {
    const { folder, kit } = await filled()
    await mkdir(join(folder, 'data/2026/empty'))
    await kit(['cp', '-r', 'a:2026', './as'])
    await kit(['cp', '-r', 'a:2026', './into/'])
    await kit(['cp', '-r', './as', 'a:back'])
    expect((await readdir(join(folder, 'as'))).toSorted()).toStrictEqual(['empty', 'trip.json', 'ünï "x".txt'])
    expect(await readdir(join(folder, 'into'))).toStrictEqual(['2026'])
    expect((await readdir(join(folder, 'data/back'))).toSorted()).toStrictEqual(['empty', 'trip.json', 'ünï "x".txt'])
  })

  test('copies an empty tree', async () => {
    const { folder, kit } = await workplace()
    await mkdir(join(folder, 'none'))
    expect((await kit(['cp', '-r', './none', 'a:'])).code).toBe(0)
    expect(await readdir(join(folder, 'data'))).toStrictEqual(['none'])
  })

  test('does not copy a tree into itself', async () => {
    const { folder, kit } = await filled()
    await mkdir(join(folder, 'data/sub'))
    expect(await kit(['cp', '-r', 'a:', 'a:sub'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('lies in'),
    })
    expect(await kit(['cp', '-r', './data', './data/sub'])).toMatchObject({ code: 2 })
  })

  test('asks for -r before it copies a directory', async () => {
    const { kit } = await filled()
    expect(await kit(['cp', 'a:2026', 'x'])).toMatchObject({ code: 1, stderr: /IsDirectory[^]*hint: Say -r/ })
    expect(await kit(['cp', './data', 'x'])).toMatchObject({ code: 1, stderr: /IsDirectory/ })
  })

  test('writes on conditions', async () => {
    const { kit } = await filled()
    expect(await kit(['cp', '--if-absent', 'kit.yaml', 'a:top.txt'])).toMatchObject({
      code: 1,
      stderr: /AlreadyExists/,
    })
    expect(await kit(['cp', '--if-match', '"other"', 'kit.yaml', 'a:top.txt'])).toMatchObject({
      code: 1,
      stderr: /ConditionFailed/,
    })
    const [found] = jsonLines((await kit(['stat', '--json', 'a:top.txt'])).stdout)
    const entry = found?.['entry'] as { readonly etag: string } | undefined
    expect((await kit(['cp', '--if-match', entry?.etag ?? '', 'kit.yaml', 'a:top.txt'])).code).toBe(0)
    expect((await kit(['cat', 'a:top.txt'])).stdout).toContain('stores:')
  })
})

describe('kit mv', () => {
  test('refuses to move a file onto itself, by whatever name it is known', async () => {
    const { folder, kit } = await workplace(
      'stores:\n  a: { type: fs, path: data }\n  b: { type: fs, path: "${WHERE}" }\n',
    )
    await mkdir(join(folder, 'data/sub'), { recursive: true })
    await mkdir(join(folder, 'twin'))
    await writeFile(join(folder, 'data/x'), 'all there is')
    await link(join(folder, 'data/x'), join(folder, 'twin/x'))
    await symlink('data', join(folder, 'alias'))
    const environment = { WHERE: 'data' }
    for (const words of [
      ['mv', 'a:x', './data/x'],
      ['mv', './alias/x', 'a:x'],
      ['mv', 'a:x', 'b:x'],
      ['mv', `file://${folder}/data/x`, 'b:x'],
      ['mv', 'a:x', './twin/x'],
      ['mv', 'a:', './data/sub'],
      ['mv', './data', 'b:sub'],
      ['sync', './data', 'b:sub', '--delete', '-f'],
    ]) {
      const { code, stderr } = await kit(words, { environment })
      expect({ words, code, stderr }).toMatchObject({ words, code: 2, stderr: /InvalidConfig/ })
    }
    expect(await readFile(join(folder, 'data/x'), 'utf8')).toBe('all there is')
    expect((await readdir(join(folder, 'data'))).toSorted()).toStrictEqual(['sub', 'x'])
  })
})

describe('kit sync', () => {
  test('goes on past what cannot be done, deletes nothing then, and tells it at the end', async () => {
    const { folder, kit } = await workplace()
    await mkdir(join(folder, 'from'))
    await mkdir(join(folder, 'data/clash'), { recursive: true })
    for (const name of ['a', 'clash', 'z']) await writeFile(join(folder, 'from', name), name)
    await writeFile(join(folder, 'data/clash/inside'), '')
    await writeFile(join(folder, 'data/extra'), '')
    const { code, stderr } = await kit(['sync', '--delete', './from', 'a:'])
    expect(code).toBe(6)
    expect(stderr).toMatch(
      /^copied 2, .*2 not removed because of failures, 1 failed.*\nkit: IsDirectory: [^]*\nhint: .*\n/,
    )
    expect((await readdir(join(folder, 'data'))).filter((name) => name !== '.kit').toSorted()).toStrictEqual([
      'a',
      'clash',
      'extra',
      'z',
    ])
    const lines = jsonLines((await kit(['sync', '--delete', './from', 'a:', '--json'])).stdout)
    expect(lines).toContainEqual(
      expect.objectContaining({ type: 'failed', error: expect.objectContaining({ code: 'IsDirectory' }) }),
    )
    expect(lines.at(-1)).toMatchObject({
      success: false,
      copied: 0,
      skipped: 2,
      kept: 2,
      error: { code: 'IsDirectory' },
    })
  })
})

describe('kit rm', () => {
  test('removes objects, and tells which were not there', async () => {
    const { folder, kit } = await filled()
    expect(await kit(['rm', 'a:none', 'a:top.txt'])).toMatchObject({ code: 6, stderr: /NotFound/ })
    expect(await kit(['rm', 'a:top.txt'])).toMatchObject({ code: 4 })
    expect(await kit(['rm', '-f', 'a:top.txt'])).toMatchObject({ code: 0, stderr: '' })
    expect(await readdir(join(folder, 'data'))).toStrictEqual(['2026'])
  })

  test('removes trees only with -r, and whole stores only with -r -f', async () => {
    const { folder, kit } = await filled()
    expect(await kit(['rm', 'a:2026'])).toMatchObject({ code: 1, stderr: /IsDirectory/ })
    expect(await kit(['rm', '-r', 'a:'])).toMatchObject({ code: 2, stderr: /whole store/ })
    const lines = jsonLines((await kit(['rm', '-r', '--json', 'a:2026'])).stdout)
    expect(lines.at(-1)).toMatchObject({ type: 'result', success: true, removed: 3, failed: 0 })
    expect(await readdir(join(folder, 'data'))).toStrictEqual(['top.txt'])
    await kit(['rm', '-r', '-f', 'a:'])
    expect(await readdir(join(folder, 'data'))).toStrictEqual([])
  })

  test('removes a local link, not what it points at', async () => {
    const { folder, kit } = await filled()
    await symlink('data', join(folder, 'link'))
    await kit(['rm', './link'])
    expect((await readdir(folder)).toSorted()).toStrictEqual(['data', 'kit.yaml'])
    expect(await readdir(join(folder, 'data'))).toHaveLength(2)
  })
})
