// Kit's filesystem backend against Node itself and against two libraries, on small files, on one big file and on a big tree.
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  statSync,
  unlinkSync,
} from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fs } from '@kit/backend-fs'
import { openStore, type Store } from '@kit/core'
import type { Cases, ComparedCase, MeasuredCase } from '../case.ts'
import { kitSide, openSide, type FsSide, type PeerName } from '../fs-sides.ts'
import { peakMemory } from '../peak-memory.ts'
import { removeTemporary, temporaryFolder } from '../temporary.ts'

type Bar = Pick<ComparedCase, 'floor' | 'aim' | 'note'>

const smallBytes = 4096
const folderCount = 10
const chunkBytes = 1024 * 1024
/** Where a sync costs nothing, so that who syncs and who does not can be compared. */
const inMemory = existsSync('/dev/shm') ? '/dev/shm' : undefined
const synced = 'opendal syncs every file that it writes and cannot be told not to, so this is compared in /dev/shm.'

export const cases: Cases = ({ quick }) => {
  const files = quick ? 300 : 1000
  const streamBytes = (quick ? 64 : 1024) * 1024 * 1024
  const many = { files, inFlight: 16 }
  const one = { files: quick ? 100 : 500, inFlight: 1 }
  const written = { files: quick ? 200 : 500, inFlight: 16 }
  return [
    write('node:fs', written, { floor: 0.5, aim: 0.6 }),
    write('node:fs', { ...written, inFlight: 1 }, {}),
    write('temporary + rename', written, {}),
    write('files-sdk', written, { floor: 1, aim: 2 }),
    write('opendal', { ...written, under: inMemory }, { floor: 1, note: synced }),
    write(
      'opendal',
      { files: 100, inFlight: 16, fsync: true },
      { note: 'Kit with `fsync: true`: the file and its folder; opendal: the file.' },
    ),
    write('temporary + rename', { ...written, over: true }, {}),
    read('node:fs', many, { floor: 0.8, aim: 0.95 }),
    read('node:fs', one, {}),
    read('files-sdk', many, { floor: 1, aim: 2 }),
    read('opendal', many, { floor: 0.85, aim: 1 }),
    stat('node:fs', many, { floor: 0.7, aim: 0.85 }),
    stat('node:fs', one, {}),
    stat('files-sdk', many, { floor: 1, aim: 2 }),
    stat('opendal', many, { floor: 1 }),
    readStream('node:fs', streamBytes, { floor: 2, aim: 3, note: 'node:fs: `createReadStream(path)`, consumed.' }),
    readStream('files-sdk', streamBytes, { floor: 1, aim: 2 }),
    readStream('opendal', streamBytes, { floor: 1, note: 'opendal: its reader, 1 MiB at a time.' }),
    writeStream('node:fs', streamBytes, { floor: 0.85, aim: 0.9 }),
    writeStream('files-sdk', streamBytes, { floor: 1, aim: 2 }),
    writeStream('opendal', streamBytes, { floor: 1, note: synced }, inMemory),
    writeStream('node:fs', streamBytes, {}, undefined, true),
    memory(streamBytes, quick),
    list(quick ? 10_000 : 100_000, { floor: 0.8, aim: 1 }),
  ]
}

interface SmallFiles {
  readonly files: number
  readonly inFlight: number
  /** Over files that are there. Default: in their place is nothing. */
  readonly over?: boolean
  readonly fsync?: boolean
  /** Default: the folder of the system's temporary files. */
  readonly under?: string | undefined
}

function title(what: string, { inFlight, over, fsync, under }: SmallFiles, peer: PeerName): string {
  const how = [over && 'over another', fsync && 'synced', under].filter(Boolean)
  return [`${what} 4 KiB`, ...how, `${inFlight} in flight, ${peer}`].join(', ')
}

/**
 * New files each time, under new names. They are removed at the end of the run and no earlier: ext4 without a journal keeps the inodes of
 * removed files aside for minutes, and makes who wants new ones search past all of them.
 */
function write(peer: PeerName, data: SmallFiles, bar: Bar): ComparedCase {
  const sides = new Sides(peer, data)
  const bytes = randomBytes(smallBytes)
  const over = data.over === true
  const numbers = keysOf(data.files)
  let keys = numbers
  let batch = 0
  const work = (name: string) => () =>
    inFlight(data.inFlight, keys, async (key) => {
      await sides.get(name).write(key, bytes)
      return 1
    })
  return {
    name: title('write', data, peer),
    unit: 'files',
    count: data.files,
    ...bar,
    setup: () => sides.open(),
    reset() {
      batch += 1
      if (!over) keys = numbers.map((key) => `${key}-${batch}`)
    },
    kit: work('kit'),
    peers: { [peer]: work(peer) },
    check(_result, name) {
      for (const key of keys) {
        if (!readFileSync(join(sides.root(name), key)).equals(bytes)) throw new Error(`${name} wrote something else`)
      }
    },
    teardown: () => sides.close(),
  }
}

function read(peer: PeerName, data: SmallFiles, bar: Bar): ComparedCase {
  return lookUp('read', peer, data, bar, (side, key) => side.read(key))
}

function stat(peer: PeerName, data: SmallFiles, bar: Bar): ComparedCase {
  return lookUp('stat', peer, data, bar, (side, key) => side.stat(key))
}

/** Each library of what it wrote itself. */
function lookUp(
  what: string,
  peer: PeerName,
  data: SmallFiles,
  bar: Bar,
  sizeOf: (side: FsSide, key: string) => Promise<number>,
): ComparedCase {
  const sides = new Sides(peer, data)
  const keys = keysOf(data.files)
  const work = (name: string) => () => {
    const side = sides.get(name)
    return inFlight(data.inFlight, keys, (key) => sizeOf(side, key))
  }
  return {
    name: title(what, data, peer),
    unit: 'files',
    count: data.files,
    ...bar,
    async setup() {
      await sides.open()
      const bytes = randomBytes(smallBytes)
      for (const name of ['kit', peer]) for (const key of keys) await sides.get(name).write(key, bytes)
    },
    kit: work('kit'),
    peers: { [peer]: work(peer) },
    check: expect(data.files * smallBytes),
    teardown: () => sides.close(),
  }
}

function readStream(peer: PeerName, bytes: number, bar: Bar): ComparedCase {
  const sides = new Sides(peer, {})
  const work = (name: string) => () => sides.get(name).readStream('d0/big')
  return {
    name: `read ${sizeText(bytes)}, ${peer}`,
    unit: 'MB',
    count: bytes / 1e6,
    ...bar,
    async setup() {
      await sides.open()
      for (const name of ['kit', peer]) await sides.get(name).writeStream('d0/big', () => chunksOf(bytes))
    },
    kit: work('kit'),
    peers: { [peer]: work(peer) },
    check: expect(bytes),
    teardown: () => sides.remove(),
  }
}

/** In parts: as a copy that can be resumed does it. */
function writeStream(peer: PeerName, bytes: number, bar: Bar, under?: string, parts = false): ComparedCase {
  const sides = new Sides(peer, { under })
  const work = (name: string) => () => sides.get(name).writeStream('d0/big', () => chunksOf(bytes))
  return {
    name: [`write ${sizeText(bytes)}`, parts && 'in parts, 4 in flight', under, peer].filter(Boolean).join(', '),
    unit: 'MB',
    count: bytes / 1e6,
    ...bar,
    setup: () => sides.open(),
    reset: () => sides.empty(),
    kit: parts ? async () => sides.get('kit').writeParts?.('d0/big', bytes, chunksOf) : work('kit'),
    peers: { [peer]: work(peer) },
    check(_result, name) {
      expect(bytes)(statSync(join(sides.root(name), 'd0/big')).size, name)
    },
    teardown: () => sides.remove(),
  }
}

function memory(bytes: number, quick: boolean): MeasuredCase {
  const program = new URL('../programs/stream-a-file.ts', import.meta.url)
  return {
    name: `extra memory, write and read ${sizeText(bytes)}`,
    unit: 'MB',
    limit: 96,
    aim: 64,
    rounds: quick ? 1 : 5,
    note: 'The peak of a process that writes and reads it, less that of one that only imports the same.',
    async measure() {
      const folder = temporaryFolder()
      try {
        const idle = await peakMemory(program)
        return (await peakMemory(program, [folder, String(bytes)])) - idle
      } finally {
        removeTemporary(folder)
      }
    },
  }
}

function list(files: number, bar: Bar): ComparedCase {
  let root = ''
  let store: Store | undefined
  const perFolder = 200
  const totalBytes = (files / perFolder) * ((perFolder * (perFolder - 1)) / 2)
  return {
    name: `list ${files.toLocaleString('en')} files with sizes, node:fs`,
    unit: 'files',
    count: files,
    ...bar,
    note: 'node:fs: `readdir` with `recursive` and `withFileTypes`, then `lstat` of 64 files at a time.',
    async setup() {
      root = temporaryFolder()
      for (let at = 0; at < files; at += perFolder) {
        const folder = join(root, `d${(at / perFolder) % folderCount}`, `e${at / perFolder}`)
        mkdirSync(folder, { recursive: true })
        for (let size = 0; size < perFolder; size += 1) makeFile(join(folder, `f${size}`), size)
      }
      store = await openStore(fs({ path: root }))
    },
    async kit() {
      const found = { files: 0, bytes: 0 }
      for await (const { kind, size } of store?.list('', { recursive: true }) ?? []) {
        if (kind !== 'file') continue
        found.files += 1
        found.bytes += size ?? 0
      }
      return found
    },
    peers: {
      async 'node:fs'() {
        const entries = await readdir(root, { recursive: true, withFileTypes: true })
        const found = entries.filter((entry) => entry.isFile())
        const bytes = await inFlight(
          64,
          found,
          async ({ parentPath, name }) => (await lstat(`${parentPath}/${name}`)).size,
        )
        return { files: found.length, bytes }
      },
    },
    check: expect({ files, bytes: totalBytes }),
    async teardown() {
      await store?.close()
      removeTemporary(root)
    },
  }
}

/** Kit and a peer, each with a folder of its own. */
class Sides {
  readonly #peer: PeerName
  readonly #data: Pick<SmallFiles, 'fsync' | 'under'>
  #folder = ''
  readonly #sides = new Map<string, FsSide>()

  constructor(peer: PeerName, data: Pick<SmallFiles, 'fsync' | 'under'>) {
    this.#peer = peer
    this.#data = data
  }

  async open(): Promise<void> {
    const { fsync, under } = this.#data
    this.#folder = temporaryFolder(under)
    for (const name of ['kit', this.#peer]) {
      for (const folder of this.#folders(name)) mkdirSync(folder, { recursive: true })
    }
    this.#sides.set(
      'kit',
      await (fsync === true ? kitSide(this.root('kit'), { fsync }) : openSide.kit(this.root('kit'))),
    )
    this.#sides.set(this.#peer, await openSide[this.#peer](this.root(this.#peer)))
  }

  get(name: string): FsSide {
    const side = this.#sides.get(name)
    if (side === undefined) throw new Error(`${name} is not open`)
    return side
  }

  root(name: string): string {
    return join(this.#folder, name.replace(':', '-'))
  }

  #folders(name: string): string[] {
    return Array.from({ length: folderCount }, (_, index) => join(this.root(name), `d${index}`))
  }

  /** The folders stay: who holds them open is not to be disturbed. */
  empty(): void {
    for (const name of ['kit', this.#peer]) {
      for (const folder of this.#folders(name)) for (const file of readdirSync(folder)) unlinkSync(join(folder, file))
    }
  }

  async close(): Promise<void> {
    for (const side of this.#sides.values()) await side.close?.()
    this.#sides.clear()
  }

  async remove(): Promise<void> {
    await this.close()
    removeTemporary(this.#folder)
  }
}

/** `d0/f0`, `d1/f1`, …: spread over the folders. */
function keysOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `d${index % folderCount}/f${index}`)
}

async function inFlight<Item>(
  many: number,
  items: readonly Item[],
  work: (item: Item) => Promise<number>,
): Promise<number> {
  let next = 0
  let sum = 0
  const run = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) {
      const figure = await work(item)
      sum += figure
    }
  }
  await Promise.all(Array.from({ length: many }, run))
  return sum
}

async function* chunksOf(bytes: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const chunk = new Uint8Array(chunkBytes).fill(7)
  for (let at = 0; at < bytes; at += chunkBytes) yield chunk
}

function makeFile(path: string, size: number): void {
  const fd = openSync(path, 'wx')
  ftruncateSync(fd, size)
  closeSync(fd)
}

function expect(wanted: unknown): (result: unknown, side: string) => void {
  return (result, side) => {
    if (JSON.stringify(result) !== JSON.stringify(wanted)) {
      throw new Error(`${side} gave ${JSON.stringify(result)}, not ${JSON.stringify(wanted)}`)
    }
  }
}

function sizeText(bytes: number): string {
  return bytes >= 2 ** 30 ? `${bytes / 2 ** 30} GiB` : `${bytes / 2 ** 20} MiB`
}
