import fc from 'fast-check'
import { importer } from 'ipfs-unixfs-importer'
import { bytesSource, errorCode, type Bytes, type Source } from '@kit/core'
import { fileState } from '@kit/core/node'
import { temporaryFolder } from '@kit/test-servers'
import { statSync, writeFileSync, appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { importFile, type Profile, profiles } from '../../src/unixfs/index.ts'
import { memoryBlocks, never, patternBytes } from '../memory-blocks.ts'

const profileNames = ['unixfs-v1-2025', 'unixfs-v0-2015'] as const

/** The root and all blocks as the JavaScript implementation of IPFS makes them. */
async function theirs(
  bytes: Bytes,
  profile: Profile,
): Promise<{ readonly cid: string; readonly blocks: Map<string, Bytes> }> {
  const blocks = new Map<string, Bytes>()
  const store = {
    async put(cid: { toString(): string }, block: Uint8Array) {
      blocks.set(cid.toString(), Uint8Array.from(block))
      return cid
    },
  }
  const entries = importer([{ content: bytes }], store as never, { profile, wrapWithDirectory: false })
  for await (const { cid } of entries) return { cid: cid.toString(), blocks }
  throw new Error('nothing was imported')
}

function streamed(bytes: Bytes, pieces: readonly number[], size?: number): Source {
  async function* stream(): AsyncGenerator<Bytes> {
    let at = 0
    for (let turn = 0; at < bytes.byteLength; turn++) {
      const to = at + (pieces[turn % pieces.length] ?? 1)
      // Of its own: whoever pulls a piece may keep it.
      yield bytes.slice(at, to)
      at = to
    }
  }
  return { size, open: () => stream() }
}

describe('importFile', () => {
  for (const profile of profileNames) {
    it(`makes the blocks of another implementation from any pieces, in ${profile}`, async () => {
      const { chunkBytes } = profiles[profile]
      const length = fc.oneof(
        fc.integer({ min: 0, max: 5000 }),
        fc.integer({ min: -2, max: 2 }).map((by) => chunkBytes + by),
        fc.integer({ min: 0, max: 3 * chunkBytes }),
      )
      const piece = fc.oneof(fc.integer({ min: 1000, max: 70_000 }), fc.constant(chunkBytes), fc.constant(1 << 21))
      await fc.assert(
        fc.asyncProperty(
          length,
          fc.array(piece, { minLength: 1, maxLength: 5 }),
          fc.boolean(),
          async (n, pieces, told) => {
            const bytes = patternBytes(n, n + 1)
            const expected = await theirs(bytes, profile)
            const blocks = memoryBlocks()
            const source = streamed(bytes, pieces, told ? n : undefined)
            const { cid, size } = await importFile(source, blocks, { profile, signal: never })
            expect({ cid, size }).toEqual({ cid: expected.cid, size: n })
            expect(new Set(blocks.blocks.keys())).toEqual(new Set(expected.blocks.keys()))
            const whole = await importFile(bytesSource(bytes), memoryBlocks(), { profile, signal: never })
            expect(whole.cid).toBe(cid)
          },
        ),
        { numRuns: 25 },
      )
    })
  }

  it('does not touch bytes of a buffer that the writer still holds', async () => {
    const bytes = patternBytes(24 << 20)
    const kept: { readonly cid: string; readonly seen: Bytes; readonly copy: Bytes }[] = []
    const slow = {
      async put(cid: string, block: Bytes) {
        const copy = block.slice()
        for (let turn = 0; turn < 1 + (kept.length % 7); turn++) await new Promise((resolve) => setImmediate(resolve))
        kept.push({ cid, seen: block, copy })
        expect(Buffer.compare(block, copy)).toBe(0)
      },
    }
    for (const profile of profileNames) {
      await importFile(streamed(bytes, [65_536]), slow, { profile, signal: never })
    }
    expect(kept.length).toBeGreaterThan(100)
  })

  it('holds a few chunks, however slow the writer is', async () => {
    let underWay = 0
    let most = 0
    const slow = {
      async put() {
        most = Math.max(most, ++underWay)
        await new Promise((resolve) => setImmediate(resolve))
        underWay--
      },
    }
    await importFile(streamed(patternBytes(40 << 20), [1 << 20]), slow, { profile: 'unixfs-v1-2025', signal: never })
    expect(most).toBeGreaterThan(1)
    expect(most).toBeLessThanOrEqual(6)
  })

  it('fails as the writer fails, and leaves no write behind', async () => {
    for (let failing = 0; failing < 12; failing++) {
      let puts = 0
      let underWay = 0
      const broken = {
        async put() {
          const turn = puts++
          underWay++
          await new Promise((resolve) => setImmediate(resolve))
          underWay--
          if (turn === failing) throw new Error(`put ${turn} failed`)
        },
      }
      const importing = importFile(streamed(patternBytes(11 << 20), [300_000]), broken, {
        profile: 'unixfs-v1-2025',
        signal: never,
      })
      await expect(importing).rejects.toThrow(`put ${failing} failed`)
      expect(underWay).toBe(0)
    }
  })

  it('fails as the source fails, and frees it', async () => {
    let freed = false
    async function* stream(): AsyncGenerator<Bytes> {
      try {
        yield patternBytes(2_000_000)
        throw new Error('the source broke')
      } finally {
        freed = true
      }
    }
    const importing = importFile({ open: () => stream() }, memoryBlocks(), { profile: 'unixfs-v1-2025', signal: never })
    await expect(importing).rejects.toThrow('the source broke')
    expect(freed).toBe(true)
  })

  it.each([
    [5, 4],
    [5, 6],
    [0, 1],
    [1, 0],
  ])('refuses a body of %i bytes that says it has %i', async (real, said) => {
    const blocks = memoryBlocks()
    for (const source of [
      streamed(patternBytes(real), [2], said),
      { ...bytesSource(patternBytes(real)), size: said },
    ]) {
      const error = await importFile(source, blocks, { profile: 'unixfs-v1-2025', signal: never }).catch(
        (e: unknown) => e,
      )
      expect(errorCode(error)).toBe('Corrupt')
    }
  })

  it('ends with the signal while the source hangs', async () => {
    const controller = new AbortController()
    const hanging: Source = {
      open: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) }),
    }
    const importing = importFile(hanging, memoryBlocks(), { profile: 'unixfs-v1-2025', signal: controller.signal })
    controller.abort()
    expect(errorCode(await importing.catch((e: unknown) => e))).toBe('Aborted')
  })

  it('reads a file of this machine itself, a part of it too, and says when it changed', async () => {
    await using folder = await temporaryFolder('import')
    const path = join(folder.path, 'file')
    const bytes = patternBytes(5_000_000)
    writeFileSync(path, bytes)
    let told = 0
    const sourceOf = (from: number, size: number): Source => ({
      size,
      file: { path, state: fileState(statSync(path)), from, copied: (n) => (told += n) },
      open: () => streamed(bytes.slice(from, from + size), [100_000]).open(0),
    })
    for (const profile of profileNames) {
      for (const [from, size] of [
        [0, 5_000_000],
        [1, 4_999_999],
        [70_000, 1_048_577],
        [5_000_000, 0],
      ] as const) {
        told = 0
        const { cid } = await importFile(sourceOf(from, size), memoryBlocks(), { profile, signal: never })
        expect(cid).toBe((await theirs(bytes.slice(from, from + size), profile)).cid)
        expect(told).toBe(size)
      }
    }
    const source = sourceOf(0, 5_000_000)
    const growing = { put: () => appendFileSync(path, 'more') }
    const error = await importFile(source, growing, { profile: 'unixfs-v1-2025', signal: never }).catch(
      (e: unknown) => e,
    )
    expect(errorCode(error)).toBe('Conflict')
    // Another file by now: the stream beside it is what counts.
    const { cid } = await importFile(source, memoryBlocks(), { profile: 'unixfs-v1-2025', signal: never })
    expect(cid).toBe((await theirs(bytes, 'unixfs-v1-2025')).cid)
  })

  it('tells its progress in bytes', async () => {
    for (const size of [0, 1, 1 << 20, (1 << 20) + 1]) {
      for (const mode of [undefined, 0o644]) {
        let told = 0
        const onBytes = (bytes: number): void => void (told += bytes)
        await importFile(bytesSource(patternBytes(size)), memoryBlocks(), {
          profile: 'unixfs-v1-2025',
          signal: never,
          mode,
          onBytes,
        })
        expect(told).toBe(size)
      }
    }
  })
})
