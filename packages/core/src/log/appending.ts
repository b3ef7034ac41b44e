/** The one process that writes: batches are queued, laid out and written in groups, and synced together. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { fromErrno, isStorageError, storageError, withDetails } from '../errors/index.ts'
import { flags, readFully, syncFolder, writeFully } from './disk.ts'
import type { LogFiles } from './files.ts'
import { layOut, measure, type Batch } from './group.ts'
import { encodeHeader, magics, segmentName, type Boundary, type Sealed } from './header.ts'
import type { Control, Found } from './inspect.ts'
import type { Durable, Payload, Position } from './log.ts'
import { createPace } from './pace.ts'

type Sized = Position & { readonly size: number }

/** A segment's file that is open for writing, or waits for its sync. */
interface Open {
  readonly id: number
  readonly version: number
  readonly mark: number
  readonly start: number
  readonly fd: number
  /** What is written, and what of it is on the disk. */
  end: number
  synced: number
}

interface Task {
  /** None: the segment is to end. */
  readonly batch: Batch | undefined
  readonly durable: Durable
  readonly dropped?: readonly number[] | undefined
  resolve(positions: Sized[]): void
  reject(error: unknown): void
}

export interface Appending {
  readonly sealed: readonly Sealed[]
  readonly newest: { readonly id: number; readonly end: number }
  readonly last: Position
  append(records: readonly Payload[], durable: Durable): Promise<Sized[]>
  /** Records that they are gone; their files are still there. */
  recordDrop(ids: readonly number[]): Promise<void>
  rotate(): Promise<void>
  sync(): Promise<void>
  close(durable: Durable): Promise<void>
}

interface Setting {
  readonly folder: string
  readonly format: string
  readonly version: number
  readonly segmentBytes: number
  readonly files: LogFiles
  /** Told whenever the end of the newest segment has moved. */
  readonly moved: (id: number, end: number) => void
}

const groupBytesMax = 8 * 2 ** 20
const scratchBytesMax = 2 ** 20
/** Up to this size a write may be done in the thread. */
const nowBytes = 64 * 1024

/** Goes on where `found` says that the log ends, in a folder that this process has locked; or begins a log. */
export async function openAppending(setting: Setting, found: Found | undefined): Promise<Appending> {
  const { folder, files } = setting
  let sealed: readonly Sealed[] = found?.sealed ?? []
  let last: Position = found?.last ?? { segment: 1, offset: 0 }
  // Ended, but not wholly on the disk.
  let unsynced: Open[] = []
  let folderChanged = false
  let failure: { readonly cause: unknown } | undefined
  let changed = false

  let queue: Task[] = []
  let running: Promise<void> | undefined
  let waiters: { resolve(): void; reject(error: unknown): void }[] = []
  let syncing: Promise<void> | undefined
  const pace = createPace()
  let scratch = Buffer.allocUnsafeSlow(64 * 1024)

  let active = found === undefined ? await begin(1, [], { segment: 1, offset: 0 }) : await resume(found)
  if (active.version < setting.version) await endSegment()

  async function resume({ newest, end, durable, torn }: Found): Promise<Open> {
    const opened: Open[] = []
    try {
      for (const { id, end: endOf, version } of sealed) {
        if (id < durable.segment) continue
        const fd = await files.open(join(folder, segmentName(id)), flags.change)
        const synced = id === durable.segment ? durable.offset : 0
        opened.push({ id, version, mark: 0, start: 0, fd, end: endOf, synced })
      }
      const fd = await files.open(join(folder, segmentName(newest.id)), flags.change)
      const synced = newest.id === durable.segment ? Math.min(durable.offset, end) : 0
      const file: Open = { ...newest, fd, end, synced }
      opened.push(file)
      if (torn) {
        await files.truncate(fd, end)
        // Else what was cut off could come back behind what is written next.
        await files.sync(fd)
        file.synced = end
      }
      folderChanged = true
      unsynced = opened.filter((one) => one !== file)
      return file
    } catch (error) {
      for (const { fd } of opened) await files.close(fd).catch(() => undefined)
      throw fromErrno(error)
    }
  }

  /** The header is on the disk before the name is there: a segment without a right one is damaged, never torn. */
  async function begin(id: number, before: readonly Sealed[], durable: Boundary): Promise<Open> {
    const path = join(folder, segmentName(id))
    const temporary = `${path}.tmp`
    const mark = randomBytes(4).readUInt32LE()
    const { format, version } = setting
    const header = encodeHeader(magics.segment, { format, version, mark, segment: id, sealed: before, durable })
    await files.unlink(temporary).catch(() => undefined)
    const fd = await files.open(temporary, flags.create)
    try {
      await writeFully(files, fd, [header], 0)
      await files.sync(fd)
      await files.rename(temporary, path)
    } catch (error) {
      await files.close(fd).catch(() => undefined)
      await files.unlink(temporary).catch(() => undefined)
      throw error
    }
    folderChanged = true
    const { length } = header
    setting.moved(id, length)
    return { id, version, mark, start: length, fd, end: length, synced: length }
  }

  async function endSegment(): Promise<void> {
    const old = active
    const place = unsynced[0] ?? old
    const before = [...sealed, { id: old.id, end: old.end, version: old.version }]
    active = await begin(old.id + 1, before, { segment: place.id, offset: place.synced })
    sealed = before
    last = { segment: active.id, offset: 0 }
    unsynced.push(old)
    // Soon, or so much would have to be looked through after a crash; nobody waits for it.
    sync().catch(() => undefined)
  }

  async function run(): Promise<void> {
    // A turn later, so that those who come now are written with the first.
    await Promise.resolve()
    for (let at = 0; ;) {
      if (at >= queue.length) {
        queue = []
        running = undefined
        return
      }
      const group = take(at)
      at += group.length
      if (at > 4096) {
        queue.splice(0, at)
        at = 0
      }
      try {
        if (failure !== undefined) throw broken('no')
        const asked = group[0]?.batch === undefined
        const full = active.end >= setting.segmentBytes && group.some(({ batch }) => batch?.control === false)
        if ((full || asked) && active.end > active.start) await endSegment()
        if (asked) for (const task of group) task.resolve([])
        else await writeGroup(group)
      } catch (error) {
        const told = isStorageError(error) ? error : fromErrno(error)
        for (const task of group) task.reject(told)
      }
    }
  }

  /** As many batches as go into one write, or one task without any. */
  function take(from: number): Task[] {
    const group: Task[] = []
    let bytes = 0
    let copied = 0
    for (let at = from; at < queue.length; at++) {
      const task = queue[at]
      if (task === undefined) break
      const { batch } = task
      if (batch === undefined) return group.length > 0 ? group : [task]
      bytes += batch.bytes
      copied += batch.copied
      if (group.length > 0 && (bytes > groupBytesMax || copied > scratchBytesMax)) break
      group.push(task)
    }
    return group
  }

  async function writeGroup(group: readonly Task[]): Promise<void> {
    const batches = group.flatMap(({ batch }) => batch ?? [])
    const file = active
    const copied = batches.reduce((sum, batch) => sum + batch.copied, 0)
    if (copied > scratch.length)
      scratch = Buffer.allocUnsafeSlow(Math.max(copied, Math.min(copied * 2, scratchBytesMax)))
    const synced = unsynced.length > 0 ? 0 : file.synced
    const { parts, positions } = layOut(batches, file, file.end, synced, scratch)
    try {
      await write(file, parts)
    } catch (error) {
      await takeBack(file)
      throw failure === undefined ? error : broken('maybe')
    }
    if (scratch.length > scratchBytesMax) scratch = Buffer.allocUnsafeSlow(64 * 1024)
    file.end += batches.reduce((sum, batch) => sum + batch.bytes, 0)
    changed = true
    setting.moved(file.id, file.end)
    for (const [index, task] of group.entries()) settle(task, positions[index] ?? [])
  }

  function write(file: Open, parts: readonly Uint8Array[]): Promise<void> | undefined {
    const [only] = parts
    const small = parts.length === 1 && only !== undefined && only.byteLength <= nowBytes
    const begun = small && files.writeNow !== undefined ? pace.begin() : undefined
    if (begun === undefined || !small || files.writeNow === undefined)
      return writeFully(files, file.fd, parts, file.end)
    const written = files.writeNow(file.fd, only, file.end)
    pace.done(begun)
    if (written === only.byteLength) return undefined
    return writeFully(files, file.fd, [only.subarray(written)], file.end + written)
  }

  function settle(task: Task, places: Sized[]): void {
    if (task.dropped !== undefined) {
      const gone = new Set(task.dropped)
      // At once: a segment that is begun now must not name them.
      sealed = sealed.filter(({ id }) => !gone.has(id))
    } else last = places.at(-1) ?? last
    if (task.durable === 'process') task.resolve(places)
    else sync().then(() => task.resolve(places), task.reject)
  }

  /** Cuts off what a failed write has left. */
  async function takeBack(file: Open): Promise<void> {
    try {
      const { end } = file
      await files.truncate(file.fd, end)
      await files.sync(file.fd)
      file.synced = Math.max(file.synced, end)
    } catch (error) {
      failure ??= { cause: error }
    }
  }

  function broken(applied: 'no' | 'maybe'): Error {
    const text = `what is on the disk of the log in ${folder} is not known, as a change failed; open it again`
    return storageError('Unavailable', text, { cause: failure?.cause, applied, retry: 'never' })
  }

  function sync(): Promise<void> {
    if (failure !== undefined) return Promise.reject(broken('maybe'))
    return new Promise((resolve, reject) => {
      waiters.push({ resolve, reject })
      syncing ??= syncAll()
    })
  }

  async function syncAll(): Promise<void> {
    // A turn later, so that those who come now share it.
    await Promise.resolve()
    while (waiters.length > 0) {
      const served = waiters
      waiters = []
      const withFolder = folderChanged
      folderChanged = false
      try {
        if (failure !== undefined) throw failure.cause
        for (const file of [...unsynced, active]) {
          const { end } = file
          if (file.synced >= end) continue
          await files.sync(file.fd)
          file.synced = Math.max(file.synced, end)
        }
        if (withFolder) await syncFolder(files, folder)
        await closeSynced()
        for (const { resolve } of served) resolve()
      } catch (error) {
        folderChanged ||= withFolder
        if (failure === undefined) {
          failure = { cause: error }
          await writeAgain()
        }
        const told = broken('maybe')
        for (const { reject } of served) reject(told)
      }
    }
    syncing = undefined
  }

  async function closeSynced(): Promise<void> {
    const done = unsynced.filter((file) => file.synced >= file.end)
    unsynced = unsynced.filter((file) => file.synced < file.end)
    for (const { fd } of done) await files.close(fd)
  }

  /**
   * After a failed fsync the system may take the pages for clean, so that a later one succeeds without them. Written again they are
   * not: whoever opens the log next and syncs it has them on the disk or is told.
   */
  async function writeAgain(): Promise<void> {
    try {
      const buffer = Buffer.allocUnsafeSlow(2 ** 20)
      for (const file of [...unsynced, active]) {
        for (let at = file.synced; at < file.end;) {
          const got = await readFully(file.fd, buffer, Math.min(buffer.length, file.end - at), at)
          if (got === 0) break
          await writeFully(files, file.fd, [buffer.subarray(0, got)], at)
          at += got
        }
      }
    } catch {
      // The disk is beyond help; the failure has been told.
    }
  }

  function put(batch: Batch | undefined, durable: Durable, dropped?: readonly number[]): Promise<Sized[]> {
    return new Promise((resolve, reject) => {
      queue.push({ batch, durable, dropped, resolve, reject })
      running ??= run()
    })
  }

  const control = (what: Control): Batch => measure([Buffer.from(JSON.stringify(what))], true)

  async function finish(durable: Durable): Promise<void> {
    await running
    if (failure !== undefined || durable === 'process') return syncing
    if (!changed && unsynced.length === 0 && active.synced >= active.end) return
    await sync()
    if (changed) await put(control({ closed: true }), 'power')
  }

  return {
    get sealed() {
      return sealed
    },
    get newest() {
      return active
    },
    get last() {
      return last
    },
    sync,
    append: async (records, durable) => (records.length === 0 ? [] : put(measure(records, false), durable)),
    async recordDrop(ids) {
      await put(control({ dropped: ids }), 'power', ids)
    },
    async rotate() {
      await put(undefined, 'process')
    },
    async close(durable) {
      try {
        await finish(durable)
      } catch (error) {
        throw isStorageError(error) ? withDetails(error, { operation: 'close' }) : error
      } finally {
        for (const { fd } of [...unsynced, active]) await files.close(fd).catch(() => undefined)
      }
    },
  }
}
