import { randomBytes } from 'node:crypto'

/**
 * Where every block lies, in memory: rows of 48 bytes in chunks that never move, found by a table of 4 bytes a slot.
 *
 * A row is 12 words of 32 bits: the 8 of the digest, segment, offset, `size | codec | flags`, and the epoch in which the row was last touched.
 */
export interface BlockIndex {
  /** How many blocks there are. */
  readonly count: number
  /** Of their bytes. */
  readonly bytes: number
  /** Rows handed out so far: every row is below this. */
  readonly rows: number
  /** The row of a block, or -1. */
  find(name: BlockName): number
  /** Adds a block, or says where a known one lies now. Gives its row. */
  put(name: BlockName, place: Place): number
  remove(row: number): void
  placeOf(row: number): Place
  nameOf(row: number): BlockName
  /** An order of all blocks, the same in every process: negative where the row comes before the block of that digest. */
  compare(row: number, digest: Uint8Array): number
  digestOf(row: number): Uint8Array
  /** Whether the row holds a block. */
  holds(row: number): boolean
  epochOf(row: number): number
  touch(row: number, epoch: number): void
  /** The first `rows` rows as they lie, copied piece by piece while they are asked for. */
  dump(rows: number): Iterable<Uint8Array<ArrayBuffer>>
  /**
   * Takes rows of a dump, whole ones, into an index that has never held another. Those that `keeps` refuses are left out. After the last ones:
   * `loaded`.
   */
  load(dumped: Uint8Array<ArrayBuffer>, keeps: (segment: number, at: number) => boolean): void
  loaded(): void
}

/** Bytes of a row in a dump. */
export const rowBytes: number = 48

/** What a block is called here: by its hash, whatever the codec its CID names. */
export interface BlockName {
  /** 32 bytes: a SHA2-256 digest, or for other functions the SHA2-256 of the multihash, and then `foreign`. */
  readonly digest: Uint8Array
  readonly foreign: boolean
  /** Of the CID that the block was put with: an index of the table in `block-name.ts`. */
  readonly codec: number
  readonly version: 0 | 1
}

export interface Place {
  readonly segment: number
  /** Offset of the record in its segment. */
  readonly at: number
  /** Of the block. */
  readonly size: number
}

const rowWords = 12
const chunkRows = 1 << 14
/** Slots are filled to this much before the table is doubled. */
const fullness = 0.8

const segmentWord = 8
const offsetWord = 9
const metaWord = 10
const epochWord = 11

const sizeBits = 23
const sizeMask = (1 << sizeBits) - 1
/** The most bytes that the index can tell of a block. */
export const sizeMax: number = sizeMask
const codecMask = 0b1111
const foreignFlag = 1 << 27
const versionFlag = 1 << 28
const usedFlag = 1 << 29

const noChunk = new Uint32Array()

export function blockIndex(): BlockIndex {
  // So that nobody can choose blocks that fall into one place of the table.
  const seed = randomBytes(8)
  const [seed0, seed1] = [seed.readUInt32LE(0), seed.readUInt32LE(4)]
  const key = new Uint32Array(8)
  const keyBytes = new Uint8Array(key.buffer)
  const chunks: Uint32Array<ArrayBuffer>[] = []
  /** Row + 1; 0 is empty. */
  let table = new Uint32Array(1024)
  let rows = 0
  let count = 0
  let bytes = 0
  /** The first of the removed rows, + 1; each tells the next in its segment word. */
  let free = 0

  const chunkOf = (row: number): Uint32Array => chunks[row >>> 14] ?? noChunk
  const baseOf = (row: number): number => (row & (chunkRows - 1)) * rowWords

  function slotOf(word0: number, word1: number): number {
    let mixed = Math.imul(word0 ^ seed0, 0x9e3779b1) ^ Math.imul(word1 ^ seed1, 0x85ebca77)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae3d)
    return ((mixed ^ (mixed >>> 13)) >>> 0) & (table.length - 1)
  }

  function matches(row: number, foreign: boolean): boolean {
    const chunk = chunkOf(row)
    const base = baseOf(row)
    for (let word = 0; word < 8; word++) if (chunk[base + word] !== key[word]) return false
    return (((chunk[base + metaWord] ?? 0) & foreignFlag) !== 0) === foreign
  }

  /** The slot of the block in `key`, or the empty one where it would go. */
  function seek(foreign: boolean): number {
    let slot = slotOf(key[0] ?? 0, key[1] ?? 0)
    for (;;) {
      const held = table[slot] ?? 0
      if (held === 0 || matches(held - 1, foreign)) return slot
      slot = (slot + 1) & (table.length - 1)
    }
  }

  function rebuild(slots: number): void {
    table = new Uint32Array(slots)
    for (let row = 0; row < rows; row++) {
      const chunk = chunkOf(row)
      const base = baseOf(row)
      if (((chunk[base + metaWord] ?? 0) & usedFlag) === 0) continue
      let slot = slotOf(chunk[base] ?? 0, chunk[base + 1] ?? 0)
      while (table[slot] !== 0) slot = (slot + 1) & (table.length - 1)
      table[slot] = row + 1
    }
  }

  function newRow(): number {
    if (free !== 0) {
      const row = free - 1
      free = chunkOf(row)[baseOf(row) + segmentWord] ?? 0
      return row
    }
    if ((rows & (chunkRows - 1)) === 0) chunks.push(new Uint32Array(chunkRows * rowWords))
    return rows++
  }

  /** Takes a slot out of its run: what comes after moves up, so that no run is broken (Knuth, vol. 3, 6.4, algorithm R). */
  function unslot(start: number): void {
    const mask = table.length - 1
    let hole = start
    let slot = start
    for (;;) {
      slot = (slot + 1) & mask
      const held = table[slot] ?? 0
      if (held === 0) break
      const chunk = chunkOf(held - 1)
      const base = baseOf(held - 1)
      const home = slotOf(chunk[base] ?? 0, chunk[base + 1] ?? 0)
      if (((slot - home) & mask) >= ((slot - hole) & mask)) {
        table[hole] = held
        hole = slot
      }
    }
    table[hole] = 0
  }

  /** Rows behind the last one. */
  function append(words: Uint32Array): void {
    for (let at = 0; at < words.length;) {
      const within = rows & (chunkRows - 1)
      if (within === 0) chunks.push(new Uint32Array(chunkRows * rowWords))
      const part = words.subarray(at, at + (chunkRows - within) * rowWords)
      chunkOf(rows).set(part, within * rowWords)
      rows += part.length / rowWords
      at += part.length
    }
  }

  const metaOf = (row: number): number => chunkOf(row)[baseOf(row) + metaWord] ?? 0

  return {
    get count() {
      return count
    },
    get bytes() {
      return bytes
    },
    get rows() {
      return rows
    },
    find({ digest, foreign }) {
      keyBytes.set(digest)
      return (table[seek(foreign)] ?? 0) - 1
    },
    put({ digest, foreign, codec, version }, { segment, at, size }) {
      if ((count + 1) / table.length > fullness) rebuild(table.length * 2)
      keyBytes.set(digest)
      const slot = seek(foreign)
      const known = (table[slot] ?? 0) - 1
      const row = known < 0 ? newRow() : known
      const chunk = chunkOf(row)
      const base = baseOf(row)
      bytes += size - (known < 0 ? 0 : (chunk[base + metaWord] ?? 0) & sizeMask)
      chunk[base + segmentWord] = segment
      chunk[base + offsetWord] = at
      chunk[base + metaWord] =
        size | (codec << sizeBits) | (foreign ? foreignFlag : 0) | (version === 0 ? 0 : versionFlag) | usedFlag
      if (known >= 0) return row
      chunk.set(key, base)
      chunk[base + epochWord] = 0
      table[slot] = row + 1
      count++
      return row
    },
    remove(row) {
      const chunk = chunkOf(row)
      const base = baseOf(row)
      const meta = chunk[base + metaWord] ?? 0
      if ((meta & usedFlag) === 0) return
      key.set(chunk.subarray(base, base + 8))
      unslot(seek((meta & foreignFlag) !== 0))
      count--
      bytes -= meta & sizeMask
      chunk[base + metaWord] = 0
      chunk[base + segmentWord] = free
      free = row + 1
    },
    placeOf(row) {
      const chunk = chunkOf(row)
      const base = baseOf(row)
      return {
        segment: chunk[base + segmentWord] ?? 0,
        at: chunk[base + offsetWord] ?? 0,
        size: (chunk[base + metaWord] ?? 0) & sizeMask,
      }
    },
    nameOf(row) {
      const chunk = chunkOf(row)
      const meta = metaOf(row)
      return {
        digest: new Uint8Array(chunk.slice(baseOf(row), baseOf(row) + 8).buffer),
        foreign: (meta & foreignFlag) !== 0,
        codec: (meta >>> sizeBits) & codecMask,
        version: (meta & versionFlag) === 0 ? 0 : 1,
      }
    },
    compare(row, digest) {
      const at = baseOf(row) * 4
      const bytes = new Uint8Array(chunkOf(row).buffer, at, 32)
      for (let place = 0; place < 32; place++) {
        const less = (bytes[place] ?? 0) - (digest[place] ?? 0)
        if (less !== 0) return less
      }
      return 0
    },
    digestOf: (row) => new Uint8Array(chunkOf(row).buffer, baseOf(row) * 4, 32),
    holds: (row) => (metaOf(row) & usedFlag) !== 0,
    epochOf: (row) => chunkOf(row)[baseOf(row) + epochWord] ?? 0,
    touch(row, epoch) {
      chunkOf(row)[baseOf(row) + epochWord] = epoch
    },
    *dump(dumped) {
      for (let from = 0; from < dumped; from += chunkRows) {
        const here = Math.min(chunkRows, dumped - from)
        yield new Uint8Array(chunkOf(from).slice(0, here * rowWords).buffer)
      }
    },
    load(dumped, keeps) {
      const aligned = dumped.byteOffset % 4 === 0 ? dumped : dumped.slice()
      const given = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4)
      // Most dumps are kept as they are, and then whole runs of rows are copied at once.
      let from = 0
      for (let at = 0; at < given.length; at += rowWords) {
        const meta = given[at + metaWord] ?? 0
        if ((meta & usedFlag) !== 0 && keeps(given[at + segmentWord] ?? 0, given[at + offsetWord] ?? 0)) {
          given[at + epochWord] = 0
          count++
          bytes += meta & sizeMask
          continue
        }
        append(given.subarray(from, at))
        from = at + rowWords
      }
      append(given.subarray(from))
    },
    loaded() {
      let slots = 1024
      while (count / slots > fullness / 1.25) slots *= 2
      rebuild(slots)
    },
  }
}
