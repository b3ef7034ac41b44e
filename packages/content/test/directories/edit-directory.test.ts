import fc from 'fast-check'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'
import { buildDirectory, editDirectory, lookUp, readDirectory, type Profile, type SizedChild } from '../../src/index.ts'
import { hashName } from '../../src/directories/name-hash.ts'
import { memoryBlocks, type MemoryBlocks } from './memory-blocks.ts'
import { oracleDirectory, oracleEntries } from './oracle.ts'
import { fileOf, filesAtLimit, profiles, signal } from './subject.ts'

/** Names whose hashes begin with the same three bytes, so that their shards are deep. */
function deepNames(): string[] {
  const byStart = new Map<string, string[]>()
  for (let index = 0; index < 20_000; index++) {
    const name = `deep ${index} `.padEnd(64, '.')
    const start = Buffer.from(hashName(name).subarray(0, 3)).toString('hex')
    byStart.set(start, [...(byStart.get(start) ?? []), name])
  }
  return [...byStart.values()].filter((names) => names.length > 1).flat()
}

const deep = deepNames()
const wide = Array.from({ length: 1100 }, (_, index) => `wide ${index} `.padEnd(220, '.'))
const universe = [...deep, ...wide]

async function edit(
  blocks: MemoryBlocks,
  cid: string | undefined,
  edits: Iterable<readonly [string, string | null]>,
  profile: Profile,
): Promise<SizedChild> {
  const links = [...edits].map(([name, text]) => [name, text === null ? null : fileOf(text, profile)] as const)
  return await editDirectory(blocks, blocks, cid, new Map(links), { profile, signal })
}

async function entries(blocks: MemoryBlocks, cid: string): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for await (const entry of readDirectory(blocks, cid, { signal })) {
    expect(found.has(entry.name)).toBe(false)
    found.set(entry.name, entry.cid)
  }
  return found
}

describe.each(profiles)('a directory of %s that was edited', (profile) => {
  it('is the one that the same entries make at once, whatever the edits were; and other programs agree', async () => {
    const change = fc.tuple(fc.nat(universe.length - 1), fc.constantFrom('1', '2', null))
    const batches = fc.array(fc.array(change, { maxLength: 60 }), { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 950, max: 1050 }), batches, async (size, given) => {
        const blocks = memoryBlocks()
        const model = new Map([...deep, ...wide.slice(0, size)].map((name) => [name, '0']))
        let made = await edit(blocks, undefined, model, profile)
        for (const batch of given) {
          const edits = batch.map(([index, text]) => [universe[index] ?? '', text] as const)
          for (const [name, text] of new Map(edits)) {
            if (text === null) model.delete(name)
            else model.set(name, text)
          }
          made = await edit(blocks, made.cid, new Map(edits), profile)
          expect(made).toEqual(await edit(memoryBlocks(), undefined, model, profile))
        }
        expect(made.cid).toBe(await oracleDirectory(model, profile, memoryBlocks()))
        const want = new Map([...model].map(([name, text]) => [name, fileOf(text, profile).cid]))
        expect(await entries(blocks, made.cid)).toEqual(want)
        expect(await oracleEntries(made.cid, blocks)).toEqual(want)
      }),
      { numRuns: 5 },
    )
  }, 60_000)

  it('to nothing is the empty directory, to less than the limit is in one block again', async () => {
    const blocks = memoryBlocks()
    const files = filesAtLimit(profile, 1)
    const large = await edit(blocks, undefined, files, profile)
    const empty = await edit(blocks, undefined, [], profile)
    expect(
      await edit(
        blocks,
        large.cid,
        [...files.keys()].map((name) => [name, null]),
        profile,
      ),
    ).toEqual(empty)
    const [first = ''] = files.keys()
    files.delete(first)
    expect(await edit(blocks, large.cid, [[first, null]], profile)).toEqual(
      await edit(blocks, undefined, files, profile),
    )
  })

  it('in no way is itself, and nothing is written', async () => {
    const blocks = memoryBlocks()
    const { cid } = await edit(blocks, undefined, filesAtLimit(profile, 1), profile)
    blocks.writes.length = 0
    expect((await edit(blocks, cid, [['not there', null]], profile)).cid).toBe(cid)
    expect((await edit(blocks, cid, [], profile)).cid).toBe(cid)
    expect(blocks.writes).toEqual([])
  })

  it('reads and writes only the shards on the way to what changes', async () => {
    const blocks = memoryBlocks()
    const names = Array.from({ length: 20_000 }, (_, index) => `name ${index}`)
    const { cid } = await edit(
      blocks,
      undefined,
      names.map((name) => [name, 'x']),
      profile,
    )
    blocks.reads.length = 0
    blocks.writes.length = 0
    await edit(
      blocks,
      cid,
      [
        ['name 77', 'y'],
        ['one more', 'x'],
      ],
      profile,
    )
    expect(blocks.reads.length).toBeLessThanOrEqual(7)
    expect(blocks.writes.length).toBeLessThanOrEqual(7)
    blocks.reads.length = 0
    expect(await lookUp(blocks, cid, 'name 12345', { signal })).toEqual(fileOf('x', profile))
    expect(await lookUp(blocks, cid, 'name 99999', { signal })).toBeUndefined()
    expect(blocks.reads.length).toBeLessThanOrEqual(6)
  })

  it('is read on from any of its entries', async () => {
    const blocks = memoryBlocks()
    for (const files of [filesAtLimit(profile, 0), filesAtLimit(profile, 1)]) {
      const { cid } = await edit(blocks, undefined, files, profile)
      const all = [...(await entries(blocks, cid)).keys()]
      for (const [index, after] of all.entries()) {
        if (index % 97 > 3) continue
        const rest: string[] = []
        for await (const { name } of readDirectory(blocks, cid, { signal, after })) rest.push(name)
        expect(rest).toEqual(all.slice(index + 1))
      }
    }
  })

  it('is the same for every spelling of a CID, and tells the canonical one', async () => {
    const blocks = memoryBlocks()
    const { cid, size } = fileOf('x', profile)
    const other = CID.parse(cid).version === 0 ? CID.parse(cid) : CID.parse(cid).toString(base58btc)
    const upper = cid.startsWith('b') ? `B${cid.slice(1).toUpperCase()}` : cid
    const made = await edit(blocks, undefined, [['a', 'x']], profile)
    for (const spelling of [other.toString(), upper]) {
      const edits = new Map([['a', { cid: spelling, size }]])
      expect(await editDirectory(blocks, blocks, undefined, edits, { profile, signal })).toEqual(made)
    }
    expect(await lookUp(blocks, made.cid, 'a', { signal })).toEqual({ cid, size })
  })

  it('refuses names that no path has, and keeps what it was', async () => {
    const blocks = memoryBlocks()
    const { cid } = await edit(blocks, undefined, [['a', '1']], profile)
    const large = await edit(blocks, undefined, filesAtLimit(profile, 1), profile)
    for (const name of ['', '.', '..', 'a/b', '/', 'nul\0', '\uD800', 'x'.repeat(4097)]) {
      for (const base of [undefined, cid, large.cid]) {
        await expect(edit(blocks, base, [[name, 'x']], profile)).rejects.toMatchObject({ code: 'InvalidKey' })
      }
      const builder = buildDirectory(blocks, { profile, signal })
      await expect(builder.add(name, fileOf('x', profile))).rejects.toMatchObject({ code: 'InvalidKey' })
    }
  })
})

describe('a directory that is built', () => {
  it('is the edited one, whether its entries wait in memory or are spilled', async () => {
    const profile = 'unixfs-v1-2025'
    const [plain, spilling, spill] = [memoryBlocks(), memoryBlocks(), memoryBlocks()]
    const names = Array.from(
      { length: 18_000 },
      (_, index) => `${'a long name to fill the memory '.repeat(32)}${index}`,
    )
    const child = fileOf('x', profile)
    const [one, other] = [
      buildDirectory(plain, { profile, signal }),
      buildDirectory(spilling, { profile, signal, spill }),
    ]
    for (const name of names) {
      await one.add(name, child)
      await other.add(name, child)
    }
    const made = await one.finish()
    expect(await other.finish()).toEqual(made)
    expect(spill.blocks.size).toBeGreaterThan(200)
    // Nothing but the directory was written where it belongs, and each block once.
    expect(spilling.writes.toSorted()).toEqual([...plain.blocks.keys()].toSorted())
    let found = 0
    for await (const _ of readDirectory(plain, made.cid, { signal })) found++
    expect(found).toBe(names.length)
  }, 60_000)

  it('refuses a name twice', async () => {
    for (const others of [0, 6000]) {
      const builder = buildDirectory(memoryBlocks(), { profile: 'unixfs-v1-2025', signal })
      for (let index = 0; index < others; index++)
        await builder.add(`${index}`.padEnd(60), fileOf('x', 'unixfs-v1-2025'))
      await builder.add('twice', fileOf('1', 'unixfs-v1-2025'))
      await builder.add('twice', fileOf('2', 'unixfs-v1-2025'))
      await expect(builder.finish()).rejects.toMatchObject({ code: 'AlreadyExists' })
    }
  })
})
