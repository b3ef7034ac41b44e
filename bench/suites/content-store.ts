// The embedded content store against UnixFS of Helia over a folder of blocks, one file each: big files, many small ones, and opening a large store.
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, mkdirSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { unixfs, type UnixFS } from '@helia/unixfs'
import { content } from '@kit/backend-content'
import { cidOf } from '@kit/content'
import { openStore, type Store } from '@kit/core'
import { fileSource } from '@kit/core/node'
import { FsBlockstore } from 'blockstore-fs'
import { CAREncoderStream, createFileEncoderStream } from 'ipfs-car'
import type { Cases, ComparedCase, MeasuredCase } from '../case.ts'
import { runProgram } from '../kit-command.ts'
import { removeTemporary, temporaryFolder } from '../temporary.ts'

type PeerCid = Awaited<ReturnType<UnixFS['addBytes']>>

const profile = 'unixfs-v1-2025'
const mebibyte = 1024 * 1024
const inFlightCount = 16
const unsynced = "blockstore-fs syncs nothing, so Kit is opened with `durable: 'process'`. Both make the same CIDs."
const checkedToo = 'Helia over a folder of blocks checks nothing that it reads; here it is given a folder that does.'

export const cases: Cases = ({ quick }) => {
  const bigBytes = (quick ? 128 : 1024) * mebibyte
  const files = quick ? 1000 : 10_000
  return [
    putBig(bigBytes),
    putSmall(files),
    readBig(bigBytes, true),
    readBig(bigBytes, false),
    readSmall(files, true),
    readSmall(files, false),
    writePaths(files),
    exportCar(bigBytes),
    reopen(quick ? 100_000 : 1_000_000),
  ]
}

/** Both sides in folders of their own. */
class Sides {
  #folders: string[] = []
  #kit: Store | undefined
  #peer: UnixFS | undefined
  readonly #checked: boolean

  constructor(checked: boolean) {
    this.#checked = checked
  }

  /** New and empty ones; the old ones are left until the end. */
  async open(): Promise<void> {
    await this.#kit?.close()
    const folder = temporaryFolder()
    this.#folders.push(folder)
    this.#kit = await openStore(content({ path: join(folder, 'kit'), durable: 'process' }))
    const blocks = new FsBlockstore(join(folder, 'peer'))
    await blocks.open()
    this.#peer = unixfs({ blockstore: this.#checked ? checking(blocks) : blocks })
  }

  async close(): Promise<void> {
    await this.#kit?.close()
    for (const folder of this.#folders.splice(0)) removeTemporary(folder)
  }

  get kit(): Store {
    if (this.#kit === undefined) throw new Error('not open')
    return this.#kit
  }

  get peer(): UnixFS {
    if (this.#peer === undefined) throw new Error('not open')
    return this.#peer
  }
}

/** The same blocks, each compared with its hash when it is read. */
function checking(blocks: FsBlockstore): FsBlockstore {
  const get = blocks.get.bind(blocks)
  blocks.get = async function* (cid, options) {
    const parts: Uint8Array[] = []
    for await (const part of get(cid, options)) parts.push(part)
    const bytes = Buffer.concat(parts)
    if (!createHash('sha256').update(bytes).digest().equals(cid.multihash.digest)) throw new Error('another block')
    yield bytes
  }
  return blocks
}

/** A file of bytes that do not repeat. */
async function bigFile(bytes: number): Promise<string> {
  const path = join(temporaryFolder(), 'big')
  const handle = await open(path, 'w')
  for (let at = 0; at < bytes; at += mebibyte) await handle.write(randomBytes(mebibyte))
  await handle.close()
  return path
}

function putBig(bytes: number): ComparedCase {
  const sides = new Sides(false)
  let path = ''
  let cid: string | undefined
  return {
    name: `put ${bytes / mebibyte} MiB`,
    unit: 'MB',
    count: bytes / 1e6,
    floor: 2,
    aim: 2.4,
    note: unsynced,
    async setup() {
      path = await bigFile(bytes)
    },
    reset: async () => {
      await sides.close()
      await sides.open()
    },
    kit: async () => (await sides.kit.content.put(await fileSource(path), { profile })).cid,
    peers: {
      '@helia/unixfs + blockstore-fs': async () =>
        (await sides.peer.addByteStream(createReadStream(path, { highWaterMark: mebibyte }))).toString(),
    },
    check(result) {
      cid ??= String(result)
      if (result !== cid) throw new Error(`${String(result)} and not ${cid}`)
    },
    async teardown() {
      await sides.close()
      removeTemporary(join(path, '..'))
    },
  }
}

function bodies(count: number): Uint8Array<ArrayBuffer>[] {
  return Array.from({ length: count }, () => new Uint8Array(randomBytes(4096)))
}

/** Out of the store, each block checked; ipfs-car makes its CAR of the file, and has no store. */
function exportCar(bytes: number): ComparedCase {
  const sides = new Sides(false)
  let path = ''
  let root = ''
  return {
    name: `CAR of ${bytes / mebibyte} MiB`,
    unit: 'MB',
    count: bytes / 1e6,
    floor: 1.3,
    aim: 2,
    note: 'Both read the bytes and hash them once: Kit from its store to check them, ipfs-car from the file to name them.',
    async setup() {
      path = await bigFile(bytes)
      await sides.open()
      const { cid = '' } = await sides.kit.content.put(await fileSource(path), { profile })
      root = cid
    },
    kit: async () => lengthOf(await sides.kit.content.car(root, { scope: 'all' })),
    peers: {
      'ipfs-car': async () => {
        const file = createReadStream(path, { highWaterMark: mebibyte })
        return lengthOf(
          createFileEncoderStream({ stream: () => Readable.toWeb(file) }).pipeThrough(new CAREncoderStream()),
        )
      },
    },
    check(length) {
      if (Number(length) < bytes) throw new Error(`the CAR has ${String(length)} bytes`)
    },
    async teardown() {
      await sides.close()
      removeTemporary(dirname(path))
    },
  }
}

const writerCount = 8
const directoryCount = 100

/** Under names, in history: git has the files on the disk already, and does no more than to take them in. */
function writePaths(files: number): ComparedCase {
  const sides = new Sides(false)
  const all = bodies(files).map((bytes, index) => ({ name: `d${index % directoryCount}/f${index}`, bytes }))
  const folders: string[] = []
  let work = ''
  const git = (...args: string[]): Promise<string> => runProgram('git', args, work)
  return {
    name: `${files} files of 4 KiB by path, ${writerCount} writers`,
    unit: 'files',
    count: files,
    floor: 1,
    aim: 3,
    note: 'git: add and commit of files that are there already. Neither side syncs.',
    async reset() {
      await sides.open()
      work = temporaryFolder()
      folders.push(work)
      for (const { name, bytes } of all) {
        mkdirSync(dirname(join(work, name)), { recursive: true })
        writeFileSync(join(work, name), bytes)
      }
      await git('init', '--quiet')
      await git('config', 'user.email', 'bench@localhost')
      await git('config', 'user.name', 'bench')
    },
    async kit() {
      await inFlight(all, ({ name, bytes }) => sides.kit.write(name, bytes), writerCount)
      return (await sides.kit.stat('d0/f0')).cid
    },
    peers: {
      async git() {
        await git('add', '--all')
        await git('commit', '--quiet', '--message', 'all')
        return git('rev-parse', 'HEAD:d0/f0')
      },
    },
    check(result) {
      if (typeof result !== 'string' || result === '') throw new Error('the file is not there')
    },
    async teardown() {
      await sides.close()
      for (const folder of folders) removeTemporary(folder)
    },
  }
}

function putSmall(files: number): ComparedCase {
  const sides = new Sides(false)
  const all = bodies(files)
  return {
    name: `put ${files} × 4 KiB, ${inFlightCount} in flight`,
    unit: 'files',
    count: files,
    floor: 5,
    aim: 10,
    note: unsynced,
    reset: () => sides.open(),
    kit: () => inFlight(all, (bytes) => sides.kit.content.put(sourceOf(bytes), { profile })),
    peers: { '@helia/unixfs + blockstore-fs': () => inFlight(all, (bytes) => sides.peer.addBytes(bytes)) },
    teardown: () => sides.close(),
  }
}

function readBig(bytes: number, checked: boolean): ComparedCase {
  const sides = new Sides(checked)
  let path = ''
  let kit = ''
  let peer: PeerCid | undefined
  return {
    name: `read ${bytes / mebibyte} MiB${checked ? '' : ', the peer unchecked'}`,
    unit: 'MB',
    count: bytes / 1e6,
    ...(checked ? { floor: 1.5, aim: 2, note: checkedToo } : {}),
    async setup() {
      path = await bigFile(bytes)
      await sides.open()
      kit = (await sides.kit.content.put(await fileSource(path), { profile })).cid ?? ''
      peer = await sides.peer.addByteStream(createReadStream(path, { highWaterMark: mebibyte }))
    },
    kit: async () => lengthOf((await sides.kit.content.read(kit, {})).body),
    peers: {
      '@helia/unixfs + blockstore-fs': async () => (peer === undefined ? 0 : lengthOf(sides.peer.cat(peer))),
    },
    check: lengthIs(bytes),
    async teardown() {
      await sides.close()
      removeTemporary(join(path, '..'))
    },
  }
}

function readSmall(files: number, checked: boolean): ComparedCase {
  const sides = new Sides(checked)
  const all = bodies(files)
  const kit: string[] = []
  const peer: PeerCid[] = []
  return {
    name: `read ${files} × 4 KiB, ${inFlightCount} in flight${checked ? '' : ', the peer unchecked'}`,
    unit: 'files',
    count: files,
    ...(checked ? { floor: 3, aim: 6, note: checkedToo } : {}),
    async setup() {
      await sides.open()
      for (const bytes of all) {
        kit.push((await sides.kit.content.put(sourceOf(bytes), { profile })).cid ?? '')
        peer.push(await sides.peer.addBytes(bytes))
      }
    },
    kit: () => inFlight(kit, async (cid) => lengthOf((await sides.kit.content.read(cid, {})).body)),
    peers: { '@helia/unixfs + blockstore-fs': () => inFlight(peer, (cid) => lengthOf(sides.peer.cat(cid))) },
    check: lengthIs(files * 4096),
    teardown: () => sides.close(),
  }
}

function reopen(blocks: number): MeasuredCase {
  let folder = ''
  return {
    name: `open a store with ${blocks} blocks, and read one`,
    unit: 'ms',
    limit: 1000,
    aim: 300,
    rounds: 9,
    async setup() {
      folder = temporaryFolder()
      await using store = await openStore(content({ path: folder, durable: 'process' }))
      async function* made(): AsyncGenerator<{ cid: string; bytes: Uint8Array<ArrayBuffer> }> {
        for (let number = 0; number < blocks; number++) yield numbered(number)
      }
      await store.blocks.putMany(made())
    },
    async measure() {
      const { cid } = numbered(blocks - 1)
      const started = performance.now()
      await using store = await openStore(content({ path: folder, durable: 'process' }))
      await store.blocks.get(cid)
      return performance.now() - started
    },
    teardown: () => removeTemporary(folder),
  }
}

function numbered(number: number): { cid: string; bytes: Uint8Array<ArrayBuffer> } {
  const bytes = new TextEncoder().encode(`block ${number}`)
  return { cid: cidOf('raw', bytes), bytes }
}

function sourceOf(bytes: Uint8Array<ArrayBuffer>): Parameters<Store['content']['put']>[0] {
  return {
    size: bytes.byteLength,
    bytes,
    open: () =>
      (async function* () {
        yield bytes
      })(),
  }
}

async function lengthOf(body: Uint8Array | AsyncIterable<Uint8Array>): Promise<number> {
  if (body instanceof Uint8Array) return body.byteLength
  let length = 0
  for await (const chunk of body) length += chunk.byteLength
  return length
}

function lengthIs(bytes: number): (result: unknown, side: string) => void {
  return (result, side) => {
    if (result !== bytes) throw new Error(`${side} read ${String(result)} bytes of ${bytes}`)
  }
}

/** Gives the sum of what the calls give, where that is a number. */
async function inFlight<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<unknown>,
  most: number = inFlightCount,
): Promise<number> {
  let sum = 0
  const rest = items.values()
  const turn = async (): Promise<void> => {
    for (const item of rest) {
      const result = await work(item)
      if (typeof result === 'number') sum += result
    }
  }
  await Promise.all(Array.from({ length: most }, turn))
  return sum
}
