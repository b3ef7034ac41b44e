// What a gateway sends is what Kubo's gateway sends, byte for byte; and Kubo takes what we write.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bytesSource, collect, errorCode, type Bytes } from '@kit/core'
import { type Kubo, startKubo, temporaryFolder, tryProvide, whyMissing } from '@kit/test-servers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { importCar } from '../../src/car/index.ts'
import { contentOf } from '../../src/reader/index.ts'
import { importTree, type TreeEntry } from '../../src/trees/index.ts'
import type { Profile } from '../../src/unixfs/index.ts'
import { memoryBlocks, type MemoryBlocks, never, patternBytes } from '../memory-blocks.ts'

const signal = never
const missing = whyMissing(await tryProvide('kubo'))
if (missing !== undefined) process.stderr.write(`skipped: kubo: ${missing}\n`)

const file = (path: string, bytes: Bytes): TreeEntry => ({ kind: 'file', path, source: bytesSource(bytes) })
const zeros = new Uint8Array(5 << 20)
const entries: readonly TreeEntry[] = [
  file('a/b/large', patternBytes((3 << 20) + 17)),
  file('a/b/same', zeros),
  file('a/small', patternBytes(11)),
  { kind: 'link', path: 'l', target: 'a/small' },
  ...Array.from({ length: 6000 }, (_, index) =>
    file(`many/a name that is long enough ${index}`, patternBytes(index % 3)),
  ),
]

for (const profile of ['unixfs-v1-2025', 'unixfs-v0-2015'] as const) {
  describe.skipIf(missing !== undefined)(`CARs of a tree in ${profile}`, () => {
    let kubo: Kubo
    let root: string
    const blocks: MemoryBlocks = memoryBlocks()
    beforeAll(async () => {
      kubo = await startKubo()
      root = await given(kubo, blocks, profile)
    })
    afterAll(() => kubo[Symbol.asyncDispose]())

    for (const path of [
      '',
      '/a',
      '/a/b/large',
      '/a/b/same',
      '/a/small',
      '/l',
      '/many',
      '/many/a name that is long enough 77',
    ]) {
      for (const scope of ['block', 'entity', 'all'] as const) {
        it(`are Kubo's: ${scope} of ${JSON.stringify(path)}`, async () => {
          const ours = await collect(await contentOf(blocks).car(root + path, { signal, scope }))
          const theirs = await fetch(`${kubo.gateway}/ipfs/${root}${encodeURI(path)}?format=car&dag-scope=${scope}`)
          expect(theirs.status).toBe(200)
          expect(Buffer.compare(ours, await theirs.bytes())).toBe(0)
        })
      }
    }

    it.each([
      [0, 1],
      [0, 1 << 20],
      [1 << 20, (1 << 20) + 1],
      [(1 << 20) - 1, (1 << 20) + 1],
      [3_000_000, (3 << 20) + 17],
    ])("are Kubo's for bytes %i to %i of a file", async (from, to) => {
      const path = `${root}/a/b/large`
      const ours = await collect(await contentOf(blocks).car(path, { signal, scope: 'entity', range: { from, to } }))
      const query = `format=car&dag-scope=entity&entity-bytes=${from}:${to - 1}`
      const theirs = await (await fetch(`${kubo.gateway}/ipfs/${path}?${query}`)).bytes()
      expect(Buffer.compare(ours, theirs)).toBe(0)
    })

    it('are read by whoever gets only them', async () => {
      const car = await collect(
        await contentOf(blocks).car(`${root}/many/a name that is long enough 5`, { signal, scope: 'entity' }),
      )
      const got = memoryBlocks()
      await importCar(bytesSource(car), got, { signal })
      const { body } = await contentOf(got).read(`${root}/many/a name that is long enough 5`, { signal })
      expect(await collect(body)).toEqual(patternBytes(2))
      const error = await contentOf(got)
        .read(`${root}/a/small`, { signal })
        .catch((e: unknown) => e)
      expect(errorCode(error)).toBe('NotFound')
    })

    it('are what Kubo exports, and Kubo reads the files in them', async () => {
      const ours = await collect(await contentOf(blocks).car(root, { signal, scope: 'all' }))
      const exported = await fetch(`${kubo.api}/api/v0/dag/export?arg=${root}`, { method: 'POST' })
      expect(Buffer.compare(ours, await exported.bytes())).toBe(0)
      const cat = await fetch(`${kubo.api}/api/v0/cat?arg=${root}/a/b/large`, { method: 'POST' })
      expect(Buffer.compare(await cat.bytes(), patternBytes((3 << 20) + 17))).toBe(0)
    })
  })
}

/** Makes the tree, and has Kubo import the CAR of it. */
async function given(kubo: Kubo, blocks: MemoryBlocks, profile: Profile): Promise<string> {
  const { cid } = await importTree(entries, blocks, { profile, signal })
  await using folder = await temporaryFolder('car')
  const path = join(folder.path, 'tree.car')
  await writeFile(path, await collect(await contentOf(blocks).car(cid, { signal, scope: 'all' })))
  await kubo.ipfs(['dag', 'import', path])
  return cid
}
