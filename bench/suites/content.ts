// CIDs and CARs of a large file: against a plain hash of its bytes, and against the tools of the field. Every block is checked on both sides.
import { createHash, hash } from 'node:crypto'
import { closeSync, createReadStream, openSync, statSync, writeSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { CarBlockIterator, CarWriter } from '@ipld/car'
import { type BlockReader, contentOf, importCar, importFile, parseCid, type Profile } from '@kit/content'
import { type Bytes, type ByteStream, type Source, storageError } from '@kit/core'
import { fileState } from '@kit/core/node'
import { CAREncoderStream, createFileEncoderStream } from 'ipfs-car'
import type { Cases, ComparedCase, MeasuredCase } from '../case.ts'
import { peakMemory } from '../peak-memory.ts'
import { removeTemporary, temporaryFolder } from '../temporary.ts'

const mebibyte = 1024 * 1024
const signal = new AbortController().signal

export const cases: Cases = ({ quick }) => {
  const bytes = (quick ? 128 : 1024) * mebibyte
  return [
    rootCid(bytes, 'unixfs-v1-2025', { floor: 1, aim: 1.1 }),
    rootCid(bytes, 'unixfs-v0-2015', {}),
    packFile(bytes),
    exportCar(bytes),
    readIn(bytes),
    memory(bytes, quick),
  ]
}

/** A file of bytes that are all different, and the folder that it lies in. */
function bigFile(bytes: number): { readonly folder: string; readonly path: string } {
  const folder = temporaryFolder()
  const path = join(folder, 'big')
  const file = openSync(path, 'w')
  const piece = new Uint8Array(mebibyte)
  for (let at = 0; at < bytes; at += mebibyte) {
    // Chained hashes would take longer than the case; a counter in each 4 KiB makes every block another.
    for (let page = 0; page < mebibyte; page += 4096) new DataView(piece.buffer).setFloat64(page, at + page)
    writeSync(file, piece)
  }
  closeSync(file)
  return { folder, path }
}

function sourceOf(path: string): Source {
  const stats = statSync(path)
  const file = { path, state: fileState(stats), from: 0 }
  return { size: stats.size, file, open: (from) => streamOf(path, from) }
}

function streamOf(path: string, start = 0): ByteStream {
  return createReadStream(path, { highWaterMark: mebibyte, start }) as AsyncIterable<Bytes>
}

type Link = Parameters<CarWriter['put']>[0]['cid']

const nowhere = { put() {} }

function rootCid(bytes: number, profile: Profile, bar: Pick<ComparedCase, 'floor' | 'aim'>): ComparedCase {
  let file = { folder: '', path: '' }
  return {
    name: `root CID of ${bytes / mebibyte} MiB, ${profile}`,
    unit: 'MB',
    count: bytes / 1e6,
    ...bar,
    note: 'Peer: sha256 of the whole file by node:crypto, streamed in pieces of 1 MiB.',
    setup() {
      file = bigFile(bytes)
    },
    kit: () => importFile(sourceOf(file.path), nowhere, { profile, signal }),
    peers: {
      async 'node:crypto'() {
        const whole = createHash('sha256')
        for await (const piece of streamOf(file.path)) whole.update(piece)
        return whole.digest('hex')
      },
    },
    teardown: () => removeTemporary(file.folder),
  }
}

/** By CID where a block of a file lies in it, or its bytes where it does not. */
type Places = Map<string, { readonly at: number; readonly length: number } | Bytes>

/** Blocks of one file, where they lie in it: what both sides read from. */
class BlocksOfFile implements BlockReader {
  readonly #places: Places
  readonly #file: FileHandle
  readonly root: string

  private constructor(file: FileHandle, root: string, places: Places) {
    this.#file = file
    this.root = root
    this.#places = places
  }

  static async of(path: string): Promise<BlocksOfFile> {
    const places: Places = new Map()
    let at = 0
    const { cid } = await importFile(
      sourceOf(path),
      {
        put(name, block) {
          if (parseCid(name).codec !== 0x55) places.set(name, block.slice())
          else {
            places.set(name, { at, length: block.byteLength })
            at += block.byteLength
          }
        },
      },
      { profile: 'unixfs-v1-2025', signal },
    )
    return new BlocksOfFile(await open(path), cid, places)
  }

  async get(cid: string): Promise<Bytes> {
    const place = this.#places.get(cid)
    if (place === undefined) throw storageError('NotFound', cid)
    if (place instanceof Uint8Array) return place
    const block = new Uint8Array(place.length)
    await this.#file.read(block, 0, place.length, place.at)
    return block
  }

  car(): Promise<ByteStream> {
    return contentOf(this).car(this.root, { signal, scope: 'all' })
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

async function lengthOf(stream: AsyncIterable<Uint8Array>): Promise<number> {
  let length = 0
  for await (const piece of stream) length += piece.byteLength
  return length
}

function packFile(bytes: number): ComparedCase {
  let file = { folder: '', path: '' }
  return {
    name: `file of ${bytes / mebibyte} MiB to CAR`,
    unit: 'MB',
    count: bytes / 1e6,
    floor: 1.3,
    aim: 2,
    note: 'Kit goes through the file twice and writes the root first, in its header too; ipfs-car once, with the root last and no root named.',
    setup() {
      file = bigFile(bytes)
    },
    async kit() {
      const blocks = await BlocksOfFile.of(file.path)
      const length = await lengthOf(await blocks.car())
      await blocks.close()
      return length
    },
    peers: {
      'ipfs-car': () =>
        lengthOf(
          createFileEncoderStream({
            stream: () => Readable.toWeb(Readable.from(streamOf(file.path))),
          }).pipeThrough(new CAREncoderStream()),
        ),
    },
    check(length) {
      if (Number(length) < bytes) throw new Error(`the CAR has ${String(length)} bytes`)
    },
    teardown: () => removeTemporary(file.folder),
  }
}

function exportCar(bytes: number): ComparedCase {
  let file = { folder: '', path: '' }
  let blocks: BlocksOfFile | undefined
  let order: Link[] = []
  return {
    name: `export ${bytes / mebibyte} MiB as CAR, verified`,
    unit: 'MB',
    count: bytes / 1e6,
    note: 'Both read the same blocks out of one file and check them by the same hash, which is nearly all the work. Kit walks the DAG; the loop around @ipld/car is told the order.',
    async setup() {
      file = bigFile(bytes)
      blocks = await BlocksOfFile.of(file.path)
      order = []
      for await (const { cid } of await CarBlockIterator.fromIterable(await blocks.car())) order.push(cid)
    },
    kit: async () => (blocks === undefined ? 0 : lengthOf(await blocks.car())),
    peers: {
      async '@ipld/car'() {
        const [root] = order
        if (root === undefined || blocks === undefined) return 0
        const { writer, out } = CarWriter.create([root])
        const length = lengthOf(out)
        for (const cid of order) {
          const block = await blocks.get(cid.toString())
          if (Buffer.compare(cid.multihash.digest, hash('sha256', block, 'buffer')) !== 0)
            throw new Error('wrong block')
          await writer.put({ cid, bytes: block })
        }
        await writer.close()
        return await length
      },
    },
    check(length) {
      if (Number(length) < bytes) throw new Error(`the CAR has ${String(length)} bytes`)
    },
    async teardown() {
      await blocks?.close()
      removeTemporary(file.folder)
    },
  }
}

function readIn(bytes: number): ComparedCase {
  let file = { folder: '', path: '' }
  let car = ''
  return {
    name: `import a CAR of ${bytes / mebibyte} MiB, verified`,
    unit: 'MB',
    count: bytes / 1e6,
    floor: 1.3,
    aim: 2,
    note: 'Both read the file, check every block and keep none.',
    async setup() {
      file = bigFile(bytes)
      car = join(file.folder, 'big.car')
      const blocks = await BlocksOfFile.of(file.path)
      const out = openSync(car, 'w')
      for await (const piece of await blocks.car()) writeSync(out, piece)
      closeSync(out)
      await blocks.close()
    },
    async kit() {
      let length = 0
      const onBytes = (block: number): void => void (length += block)
      await importCar(sourceOf(car), nowhere, { signal, onBytes })
      return length
    },
    peers: {
      async '@ipld/car'() {
        let length = 0
        for await (const { cid, bytes: block } of await CarBlockIterator.fromIterable(streamOf(car))) {
          if (Buffer.compare(cid.multihash.digest, hash('sha256', block, 'buffer')) !== 0)
            throw new Error('wrong block')
          length += block.byteLength
        }
        return length
      },
    },
    check(length) {
      if (Number(length) < bytes) throw new Error(`the blocks have ${String(length)} bytes`)
    },
    teardown: () => removeTemporary(file.folder),
  }
}

function memory(bytes: number, quick: boolean): MeasuredCase {
  const program = new URL('../programs/import-a-file.ts', import.meta.url)
  return {
    name: `extra memory, root CID and CAR of ${bytes / mebibyte} MiB`,
    unit: 'MB',
    limit: 96,
    aim: 64,
    rounds: quick ? 1 : 3,
    note: 'The peak of a process that makes both, less that of one that only imports the same.',
    async measure() {
      const { folder, path } = bigFile(bytes)
      try {
        return (await peakMemory(program, [path])) - (await peakMemory(program))
      } finally {
        removeTemporary(folder)
      }
    },
  }
}
