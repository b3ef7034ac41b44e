import { CarBlockIterator, CarWriter } from '@ipld/car'
import { appendFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { bytesSource, collect, errorCode, type Bytes, type ByteStream, type Source } from '@kit/core'
import { fileState } from '@kit/core/node'
import { temporaryFolder } from '@kit/test-servers'
import { describe, expect, it } from 'vitest'
import { type CarReading, importCar, readCar, writeCar } from '../../src/car/index.ts'
import { cidOf } from '../../src/cid/index.ts'
import { encodeNode } from '../../src/codecs/index.ts'
import type { Block } from '../../src/dag/index.ts'
import { checkBlock } from '../../src/verify/index.ts'
import { memoryBlocks, never, patternBytes } from '../memory-blocks.ts'

const signal = never

function rawBlock(length: number, seed: number): Block {
  const bytes = patternBytes(length, seed)
  return { cid: cidOf('raw', bytes), bytes }
}

async function* pieces(bytes: Bytes, length: number): ByteStream {
  for (let at = 0; at < bytes.byteLength; at += length) yield bytes.slice(at, at + length)
}

async function blocksOf(
  bytes: Bytes,
  piece = 1000,
): Promise<{ roots: readonly string[]; version: number; blocks: Block[] }> {
  const { roots, version, blocks } = await readCar(pieces(bytes, piece), { signal })
  const found: Block[] = []
  for await (const { cid, bytes: block } of blocks) found.push({ cid, bytes: block.slice() })
  return { roots, version, blocks: found }
}

async function failure(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => undefined,
    (error: unknown) => errorCode(error) ?? error,
  )
}

/** A CAR of version 2 around one of version 1, by the specification. */
function version2(inner: Bytes, { padding = 0, index = 0, characteristics = 0 } = {}): Bytes {
  const head = new Uint8Array(51)
  head.set([0x0a, 0xa1, 0x67, ...Buffer.from('version'), 0x02])
  head[11] = characteristics
  const view = new DataView(head.buffer)
  view.setBigUint64(27, BigInt(51 + padding), true)
  view.setBigUint64(35, BigInt(inner.byteLength), true)
  view.setBigUint64(43, index === 0 ? 0n : BigInt(51 + padding + inner.byteLength), true)
  return new Uint8Array(Buffer.concat([head, new Uint8Array(padding), inner, patternBytes(index)]))
}

const some = [rawBlock(0, 1), rawBlock(10, 2), rawBlock(70_000, 3), rawBlock(10, 4), encodeNode('dag-cbor', { a: 1 })]
const roots = [some[4]?.cid ?? '', some[1]?.cid ?? '']
const small = [rawBlock(0, 1), rawBlock(10, 2), rawBlock(200, 3), encodeNode('dag-cbor', { a: 1 })]

describe('CARs', () => {
  it('are read as another implementation writes them, and written as it reads them', async () => {
    const { writer, out } = CarWriter.create(roots.map((root) => CID.parse(root)))
    const theirs = (async () => {
      const parts: Uint8Array[] = []
      for await (const part of out) parts.push(part)
      return new Uint8Array(Buffer.concat(parts))
    })()
    for (const { cid, bytes } of some) await writer.put({ cid: CID.parse(cid), bytes })
    await writer.close()
    expect(await blocksOf(await theirs)).toEqual({ roots, version: 1, blocks: some })
    const ours = await collect(writeCar({ roots, blocks: some }))
    expect(ours).toEqual(await theirs)
    const again = await CarBlockIterator.fromBytes(ours)
    expect((await again.getRoots()).map(String)).toEqual(roots)
  })

  it('are the same however their bytes are cut', async () => {
    const car = await collect(writeCar({ roots, blocks: some }))
    for (const piece of [1, 2, 37, 4096, 1 << 20]) expect(await blocksOf(car, piece)).toMatchObject({ blocks: some })
  })

  it('of version 2 are read without their index and padding', async () => {
    const inner = await collect(writeCar({ roots, blocks: some }))
    for (const options of [{}, { padding: 100 }, { index: 500 }, { padding: 1, index: 3, characteristics: 0x80 }]) {
      const car = version2(inner, options)
      expect(await blocksOf(car)).toEqual({ roots, version: 2, blocks: some })
      const theirs = await CarBlockIterator.fromBytes(car)
      expect((await theirs.getRoots()).map(String)).toEqual(roots)
    }
  })

  it('that are cut off are Corrupt wherever that is, save between two blocks of version 1', async () => {
    const car = await collect(writeCar({ roots, blocks: small }))
    const ends = new Set<number>()
    for (let count = 0; count <= small.length; count++) {
      ends.add((await collect(writeCar({ roots, blocks: small.slice(0, count) }))).byteLength)
    }
    for (let length = 0; length < car.byteLength; length++) {
      const expected = ends.has(length) ? undefined : 'Corrupt'
      expect([length, await failure(blocksOf(car.slice(0, length), 50))]).toEqual([length, expected])
    }
    const second = version2(car)
    for (let length = 0; length < second.byteLength; length++) {
      expect([length, await failure(blocksOf(second.slice(0, length), 50))]).toEqual([length, 'Corrupt'])
    }
  })

  it('that were changed anywhere never yield a block that is not what its CID says, and fail with nothing but a StorageError', async () => {
    const inner = await collect(writeCar({ roots, blocks: small }))
    const cars = [inner, version2(inner, { padding: 3, index: 20 })]
    const edit = fc.record({
      at: fc.double({ min: 0, max: 0.999_999, noNaN: true }),
      kind: fc.constantFrom('flip', 'insert', 'remove', 'varint'),
      value: fc.integer({ min: 0, max: 255 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...cars), fc.array(edit, { minLength: 1, maxLength: 6 }), async (car, edits) => {
        let bytes = [...car]
        for (const { at, kind, value } of edits) {
          // Half of the changes hit the header and the first sections.
          const where = Math.floor(at * (value % 2 === 0 ? bytes.length : Math.min(200, bytes.length)))
          if (kind === 'flip') bytes[where] = value
          else if (kind === 'insert') bytes.splice(where, 0, value, value ^ 0x55)
          else if (kind === 'remove') bytes.splice(where, 1 + (value % 9))
          else bytes = [...bytes.slice(0, where), 0xff, 0xff, 0xff, 0xff, 0x7f, ...bytes.slice(where + 5)]
        }
        const reading = (async () => {
          const { blocks } = await readCar(pieces(Uint8Array.from(bytes), 77), { signal })
          for await (const { cid, bytes: block } of blocks) checkBlock(cid, block)
        })()
        const error = await reading.then(
          () => undefined,
          (reason: unknown) => reason,
        )
        expect(error === undefined || errorCode(error) !== undefined ? undefined : error).toBeUndefined()
      }),
      { numRuns: 3000 },
    )
  })

  it.each<[string, string, Bytes]>([
    ['a header longer than memory', 'TooLarge', Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x7f)],
    ['a section longer than any block', 'TooLarge', Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x7f)],
    ['another version', 'Unsupported', Uint8Array.of(10, 0xa1, 0x67, ...Buffer.from('version'), 3)],
    ['nothing', 'Corrupt', new Uint8Array()],
    ['no roots', 'Corrupt', Uint8Array.of(10, 0xa1, 0x67, ...Buffer.from('version'), 1)],
    ['a version 2 in a version 2', 'Corrupt', version2(version2(new Uint8Array(60)))],
  ])('with %s fail with %s', async (what, code, bytes) => {
    const before = what.startsWith('a section') ? await collect(writeCar({ roots, blocks: small })) : new Uint8Array()
    expect(await failure(blocksOf(new Uint8Array(Buffer.concat([before, bytes]))))).toBe(code)
  })

  it('are bounded as the caller says', async () => {
    const car = await collect(writeCar({ roots, blocks: some }))
    for (const limits of [{ blocks: 4 }, { bytes: 70_000 }, { headerBytes: 50 }]) {
      const reading = importCar(bytesSource(car), memoryBlocks(), { signal, limits })
      expect(await failure(reading)).toBe('TooLarge')
    }
    const enough = { blocks: 5, bytes: car.byteLength, headerBytes: 200 }
    expect(await importCar(bytesSource(car), memoryBlocks(), { signal, limits: enough })).toEqual(roots)
  })

  it.each<[string, (car: CarReading) => PromiseLike<unknown>]>([
    [
      'not read to the end',
      async ({ blocks }) => {
        for await (const { cid } of blocks) if (cid === some[1]?.cid) break
      },
    ],
    ['disposed', (car) => car[Symbol.asyncDispose]()],
    ['no CARs', () => Promise.resolve()],
  ])('free their stream when they are %s', async (what, use) => {
    const bytes = what === 'no CARs' ? patternBytes(5000) : await collect(writeCar({ roots, blocks: some }))
    let freed = false
    const stream = (async function* () {
      try {
        yield* pieces(bytes, 10)
      } finally {
        freed = true
      }
    })()
    await readCar(stream, { signal }).then(use, () => undefined)
    expect(freed).toBe(true)
  })
})

describe('importCar', () => {
  it('writes what it checked and returns the roots', async () => {
    const blocks = memoryBlocks()
    let told = 0
    const source = bytesSource(await collect(writeCar({ roots, blocks: some })))
    expect(await importCar(source, blocks, { signal, onBytes: (bytes) => (told += bytes) })).toEqual(roots)
    expect([...blocks.blocks]).toEqual(some.map(({ cid, bytes }) => [cid, bytes]))
    expect(told).toBe(some.reduce((sum, { bytes }) => sum + bytes.byteLength, 0))
  })

  it('tells which roots and links are not in it', async () => {
    const [gone, there] = [rawBlock(9, 9), rawBlock(8, 8)]
    const node = encodeNode('dag-cbor', [{ '/': gone.cid }, { '/': there.cid }, { '/': gone.cid }])
    const missing: string[] = []
    const source = bytesSource(await collect(writeCar({ roots: [node.cid, roots[0] ?? ''], blocks: [there, node] })))
    await importCar(source, memoryBlocks(), { signal, onMissing: (cid) => missing.push(cid) })
    expect(new Set(missing)).toEqual(new Set([gone.cid, roots[0]]))
    expect(missing).toHaveLength(2)
  })

  it('fails as the writer fails, whichever block it is', async () => {
    const car = await collect(writeCar({ roots, blocks: some }))
    for (let failing = 0; failing < some.length; failing++) {
      let puts = 0
      const broken = {
        async put() {
          if (puts++ === failing) throw new Error(`put ${failing} failed`)
        },
      }
      await expect(importCar(bytesSource(car), broken, { signal })).rejects.toThrow(`put ${failing} failed`)
    }
  })
})

describe('a CAR in a file of this machine', () => {
  it('is read from there, through buffers that are used again, and not changed under the writer', async () => {
    await using folder = await temporaryFolder('car')
    const path = join(folder.path, 'car')
    const blocks = Array.from({ length: 60 }, (_, index) => rawBlock([70_000, 1 << 20, 300, 0][index % 4] ?? 0, index))
    const car = await collect(writeCar({ roots, blocks }))
    for (const bytes of [car, version2(car, { padding: 9, index: 100_000 })]) {
      writeFileSync(path, bytes)
      let told = 0
      const file = { path, state: fileState(statSync(path)), from: 0, copied: (n: number) => (told += n) }
      const found = memoryBlocks()
      const slow = {
        async put(cid: string, block: Bytes) {
          for (let turn = 0; turn < 1 + (found.blocks.size % 5); turn++)
            await new Promise((resolve) => setImmediate(resolve))
          checkBlock(cid, block)
          void found.put(cid, block, { signal })
        },
      }
      expect(await importCar({ size: bytes.byteLength, file, open: () => null }, slow, { signal })).toEqual(roots)
      expect([...found.blocks.keys()].toSorted()).toEqual([...new Set(blocks.map(({ cid }) => cid))].toSorted())
      expect(told).toBeGreaterThanOrEqual(car.byteLength)
      const short = { size: bytes.byteLength - 50, file, open: () => null }
      if (bytes === car) expect(await failure(importCar(short, memoryBlocks(), { signal }))).toBe('Corrupt')
    }
  })

  it('that changes meanwhile is a Conflict; that is another by now is not read', async () => {
    await using folder = await temporaryFolder('car')
    const path = join(folder.path, 'car')
    const car = await collect(writeCar({ roots, blocks: some }))
    writeFileSync(path, car)
    const source: Source = {
      size: car.byteLength,
      file: { path, state: fileState(statSync(path)), from: 0 },
      open: () => pieces(car, 1000),
    }
    const growing = { put: () => appendFileSync(path, 'more') }
    expect(await failure(importCar(source, growing, { signal }))).toBe('Conflict')
    expect(await importCar(source, memoryBlocks(), { signal })).toEqual(roots)
  })

  it('ends with the signal', async () => {
    const controller = new AbortController()
    const car = await collect(writeCar({ roots, blocks: some }))
    const aborting = { put: () => controller.abort() }
    expect(await failure(importCar(bytesSource(car), aborting, { signal: controller.signal }))).toBe('Aborted')
  })
})
