import { checkBlock, type BlockCall, type Cid, cidFromBytes, hashCodes, parseCid } from '@kit/content'
import { errorCode, storageError, throwIfAborted, type Bytes } from '@kit/core'
import { comparePositions, type Durable, type Log, type LogReader, type Position } from '@kit/core/log'
import { sizeMax, type BlockIndex } from './block-index.ts'
import { cidOfName, nameOf } from './block-name.ts'
import type { Leases } from './leases.ts'
import { blockHead, changeRecord, headBytes, readBlock, type Change } from './records.ts'
import { saveState } from './snapshot.ts'
import type { State } from './state.ts'

/** An opened store: blocks, names and pins, as the log adds them up. */
export interface Packs {
  readonly log: LogReader
  readonly index: BlockIndex
  readonly state: State
  readonly leases: Leases
  readonly durable: Durable
  readonly readOnly: boolean
  /** The block, its checksum verified, not its hash. @throws NotFound, Corrupt */
  get(cid: Cid, call: BlockCall): Promise<Bytes>
  has(cid: Cid): Promise<boolean>
  /** The bytes are believed to be those of the CID. */
  put(cid: Cid, bytes: Bytes, durable: Durable): Promise<void>
  /**
   * Changes one name or pin. `decide` is asked when no other change of it is under way; `undefined`: nothing is changed. Gives what was decided.
   */
  change<Decided extends Change>(what: string, decide: () => Decided | undefined): Promise<Decided | undefined>
  /** Writes records of blocks again, at the end; a block is found there when its record was written, unless it was removed meanwhile. */
  move(blocks: readonly { readonly row: number; readonly from: Position; readonly record: Bytes }[]): Promise<void>
  /** Resolves when all that was put before survives what `durable` promises. */
  settle(): Promise<void>
  /** Runs while nothing is being appended, and nothing else can be. */
  alone<Result>(work: (log: Log) => Promise<Result>): Promise<Result>
  /** Keeps what there is now as a snapshot, so that opening reads only what comes after it. */
  save(): Promise<void>
  /** The CID with which the block of a row was put. */
  cidOf(row: number): Promise<Cid>
  /** Reads what another process has written since. Does nothing where this one writes. */
  refresh(): Promise<void>
  close(): Promise<void>
}

export interface PacksParts {
  readonly log: LogReader
  /** Absent where another process may write. */
  readonly writer: Log | undefined
  readonly index: BlockIndex
  readonly state: State
  readonly leases: Leases
  readonly durable: Durable
  /** Takes in what the log has after this. Gives the last position. */
  replay(after: Position | undefined): Promise<Position | undefined>
  /** The last record that is taken in. */
  readonly last: Position | undefined
  /** Called after each append, with its bytes. */
  appended(packs: Packs, bytes: number): void
  /** Whether opening would have much to read that a snapshot made now would spare it. */
  worthSaving(): boolean
}

export function makePacks(parts: PacksParts): Packs {
  const { log, writer, index, state, leases, durable } = parts
  /** Blocks on their way, so that one that is put twice at once is written once. */
  const pending = new Map<string, Promise<void>>()
  /** Rows whose block was found damaged: it is written again when it is put again. */
  const damaged = new Set<number>()
  const appending = new Set<Promise<unknown>>()
  const gate: { closed?: Promise<unknown> | undefined } = {}
  let saving: Promise<void> = Promise.resolve()
  const changing = new Map<string, Promise<unknown>>()
  let last = parts.last
  let refreshing: Promise<void> | undefined

  async function append(records: readonly (Bytes | readonly Bytes[])[], how: Durable): Promise<Position[]> {
    if (writer === undefined) throw readOnlyStore()
    while (gate.closed !== undefined) await gate.closed
    const work = writer.append(records, { durable: how })
    appending.add(work)
    try {
      return await work
    } finally {
      appending.delete(work)
    }
  }

  async function write(cid: Cid, bytes: Bytes, how: Durable): Promise<void> {
    const head = blockHead(cid)
    const [position] = await append([[head, bytes]], how)
    if (position === undefined) throw storageError('Unexpected', 'the log told no position')
    const row = index.put(nameOf(cid), { segment: position.segment, at: position.offset, size: bytes.byteLength })
    damaged.delete(row)
    index.touch(row, leases.epoch)
    parts.appended(packs, head.byteLength + bytes.byteLength)
  }

  /** Where the record of a row is, with its length where the row tells it. */
  function positionOf(row: number): Position {
    const { segment, at, size } = index.placeOf(row)
    const name = index.nameOf(row)
    const cidBytes = name.foreign || name.codec > 3 ? undefined : name.version === 0 ? 34 : name.codec === 3 ? 37 : 36
    return cidBytes === undefined ? { segment, offset: at } : { segment, offset: at, size: headBytes(cidBytes) + size }
  }

  async function readRow(row: number): Promise<{ readonly cid: Bytes; readonly bytes: Bytes }> {
    for (;;) {
      const position = positionOf(row)
      try {
        const block = readBlock(await log.read(position))
        return block
      } catch (error) {
        const now = index.holds(row) ? positionOf(row) : undefined
        // It has been moved while it was read.
        if (now !== undefined && comparePositions(now, position) !== 0) continue
        if (errorCode(error) === 'Corrupt') damaged.add(row)
        throw error
      }
    }
  }

  async function find(cid: Cid): Promise<number> {
    const row = index.find(nameOf(cid))
    if (row >= 0 || writer !== undefined) return row
    await packs.refresh()
    return index.find(nameOf(cid))
  }

  const packs: Packs = {
    log,
    index,
    state,
    leases,
    durable,
    readOnly: writer === undefined,
    async get(cid, { signal }) {
      throwIfAborted(signal)
      if (cid.hash === hashCodes.identity) return new Uint8Array(cid.digest)
      const row = await find(cid)
      if (row < 0) throw missing(cid)
      try {
        const found = await readRow(row)
        if (isOf(found.cid, cid)) return found.bytes
        // A row that was given to another block meanwhile.
        if (index.find(nameOf(cid)) !== row) return packs.get(cid, { signal })
        throw storageError('Corrupt', 'another block is in its place')
      } catch (error) {
        if (errorCode(error) !== 'NotFound') throw named(cid, error)
        // Collected while it was read; or, by another process, perhaps only moved.
        if (writer === undefined && (await movedOn(row))) return packs.get(cid, { signal })
        throw missing(cid)
      }
    },
    has: async (cid) => cid.hash === hashCodes.identity || (await find(cid)) >= 0,
    async put(cid, bytes, how) {
      if (cid.hash === hashCodes.identity) return
      if (writer === undefined) throw readOnlyStore()
      if (bytes.byteLength > sizeMax) throw storageError('TooLarge', `the block ${cid.text} is too large`)
      const row = index.find(nameOf(cid))
      if (row >= 0 && !damaged.has(row)) {
        index.touch(row, leases.epoch)
        if (how === 'power') await writer.sync()
        return
      }
      const other = pending.get(cid.text)
      if (other !== undefined) {
        await other
        return packs.put(cid, bytes, how)
      }
      const work = write(cid, bytes, how)
      pending.set(cid.text, work)
      try {
        await work
      } finally {
        pending.delete(cid.text)
      }
    },
    async change(what, decide) {
      while (changing.has(what)) await changing.get(what)
      const work = (async () => {
        const change = decide()
        if (change === undefined) return undefined
        await append([changeRecord(change)], durable)
        state.apply(change)
        parts.appended(packs, 100)
        return change
      })()
      changing.set(
        what,
        work.then(
          () => undefined,
          () => undefined,
        ),
      )
      try {
        return await work
      } finally {
        changing.delete(what)
      }
    },
    async move(blocks) {
      if (blocks.length === 0) return
      const positions = await append(
        blocks.map(({ record }) => record),
        'process',
      )
      for (const [at, { row, from }] of blocks.entries()) {
        const to = positions[at]
        if (to === undefined || !index.holds(row)) continue
        const { segment, at: offset, size } = index.placeOf(row)
        if (comparePositions(from, { segment, offset }) !== 0) continue
        index.put(index.nameOf(row), { segment: to.segment, at: to.offset, size })
      }
    },
    async settle() {
      if (durable === 'power') await writer?.sync()
    },
    async alone(work) {
      if (writer === undefined) throw readOnlyStore()
      while (gate.closed !== undefined) await gate.closed
      const turn = (async () => {
        // What was appended is taken in one step after the append has resolved.
        while (appending.size > 0) await Promise.allSettled(appending)
        await new Promise(setImmediate)
        return work(writer)
      })()
      gate.closed = turn.catch(() => undefined)
      try {
        return await turn
      } finally {
        gate.closed = undefined
      }
    },
    save() {
      const work = saving.then(async () => {
        const [saved] = await packs.alone(async (to) => [to.save(to.last, saveState(index, state))])
        await saved
      })
      saving = work.catch(() => undefined)
      return work
    },
    async cidOf(row) {
      const text = cidOfName(index.nameOf(row))
      return text === undefined ? cidFromBytes((await readRow(row)).cid) : parseCid(text)
    },
    refresh() {
      if (writer !== undefined) return Promise.resolve()
      refreshing ??= (async () => {
        await log.refresh()
        last = (await parts.replay(last)) ?? last
      })().finally(() => {
        refreshing = undefined
      })
      return refreshing
    },
    async close() {
      try {
        // Nothing is lost without it.
        if (writer !== undefined && parts.worthSaving()) await packs.save().catch(() => undefined)
        await saving
      } finally {
        await log.close()
      }
    },
  }

  /** Whether a block whose segment is gone lies elsewhere now: the writer has moved it, or has taken it away. */
  async function movedOn(row: number): Promise<boolean> {
    const before = index.placeOf(row)
    await packs.refresh()
    const now = index.holds(row) ? index.placeOf(row) : undefined
    if (now === undefined) return false
    if (now.segment !== before.segment || now.at !== before.at) return true
    index.remove(row)
    return false
  }

  return packs
}

/** Of one hash, whatever codec and version. */
function isOf(found: Bytes, cid: Cid): boolean {
  const other = cidFromBytes(found)
  if (other.hash !== cid.hash || other.digest.byteLength !== cid.digest.byteLength) return false
  return other.digest.every((byte, at) => byte === cid.digest[at])
}

export function readOnlyStore(): Error {
  return storageError('ReadOnly', 'the store is open for reading only: `readOnly` is set')
}

function missing(cid: Cid): Error {
  return storageError('NotFound', `the block ${cid.text} is not in the store`)
}

function named(cid: Cid, error: unknown): unknown {
  if (errorCode(error) !== 'Corrupt') return error
  const why = error instanceof Error ? error.message : String(error)
  return storageError('Corrupt', `the block ${cid.text} is damaged on disk: ${why}`, { cause: error })
}

/** A block from outside. @throws Corrupt where the bytes are not those of the CID */
export function checkedBlock(text: string, bytes: Bytes): Cid {
  const cid = parseCid(text)
  checkBlock(cid, bytes)
  return cid
}
