import { join } from 'node:path'
import { fromErrno, isStorageError, storageError } from '../errors/index.ts'
import type { Appending } from './appending.ts'
import { errnoOf } from './disk.ts'
import type { LogFiles } from './files.ts'
import type { Generations } from './generations.ts'
import { segmentName } from './header.ts'
import { comparePositions, type Durable, type Log, type Position } from './log.ts'
import { createReading } from './reading.ts'
import type { SegmentFiles } from './segment-files.ts'
import { segmentsOf, type LogView } from './view.ts'

interface Parts {
  readonly folder: string
  readonly version: number
  readonly durable: Durable
  readonly dropCovered: boolean
  readonly files: LogFiles
  readonly opened: SegmentFiles
  readonly generations: Generations
  readonly view: LogView
  readonly appending: Appending
  readonly unlock: () => Promise<void>
}

export function createLog(parts: Parts): Log {
  const { folder, durable, files, opened, generations, view, appending, unlock } = parts
  const { snapshot } = generations
  const reading = createReading(parts, opened, { ends: view.ends, lookAgain: async () => undefined })
  let closing: Promise<void> | undefined
  let saving = false
  // Saves and drops under way: the lock is held until they are done.
  const changing = new Set<Promise<unknown>>()

  async function change<Result>(work: () => Promise<Result>): Promise<Result> {
    mustBeOpen()
    const running = work()
    changing.add(running)
    try {
      return await running
    } finally {
      changing.delete(running)
    }
  }

  function mustBeOpen(): void {
    if (closing !== undefined) throw storageError('Aborted', 'the log is closed')
  }

  async function save(
    covers: Position,
    pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  ): Promise<Position | undefined> {
    if (comparePositions(covers, appending.last) > 0) {
      throw storageError('InvalidConfig', 'a snapshot cannot cover records that are not in the log')
    }
    const { segment, offset } = covers
    const end = offset === 0 ? 0 : await reading.endOf(covers)
    await appending.sync()
    const { sealed, newest } = appending
    const place = { covers: { segment, offset }, after: { segment, offset: end } }
    return generations.save({ ...place, sealed, newest: newest.id, pieces })
  }

  async function drop(ids: readonly number[]): Promise<void> {
    const there = ids.filter((id) => view.ends.has(id))
    if (there.includes(appending.newest.id)) {
      throw storageError(
        'InvalidConfig',
        `segment ${appending.newest.id} is being written: rotate before it is dropped`,
      )
    }
    if (there.length === 0) return
    await appending.recordDrop(there)
    for (const id of there) {
      view.ends.delete(id)
      opened.forget(id)
    }
    for (const id of there) {
      await files.unlink(join(folder, segmentName(id))).catch((error: unknown) => {
        if (errnoOf(error) !== 'ENOENT') throw fromErrno(error, { operation: 'drop', key: folder })
      })
    }
  }

  async function saveAndDrop(
    covers: Position,
    pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  ): Promise<void> {
    if (saving) throw storageError('Conflict', 'a snapshot is being saved already')
    saving = true
    try {
      const both = await save(covers, pieces)
      if (!parts.dropCovered || both === undefined) return
      const segment = Math.min(both.segment, covers.segment)
      await drop([...view.ends.keys()].filter((id) => id < segment))
    } catch (error) {
      throw isStorageError(error) ? error : fromErrno(error, { operation: 'save', key: folder })
    } finally {
      saving = false
    }
  }

  async function closeAll(): Promise<void> {
    try {
      await Promise.allSettled(changing)
      await appending.close(durable)
    } finally {
      opened.close()
      await unlock()
    }
  }

  function close(): Promise<void> {
    closing ??= closeAll()
    return closing
  }

  return {
    version: parts.version,
    snapshot,
    get last() {
      return appending.last
    },
    segments: () => segmentsOf(view),
    read: reading.read,
    replay: (after = snapshot?.covers ?? { segment: 0, offset: 0 }) => reading.replay(after),
    refresh: async () => undefined,
    async append(records, options) {
      mustBeOpen()
      return appending.append(records, options?.durable ?? durable)
    },
    async sync() {
      mustBeOpen()
      await appending.sync()
    },
    save: (covers, pieces) => change(() => saveAndDrop(covers, pieces)),
    async rotate() {
      mustBeOpen()
      await appending.rotate()
    },
    async drop(ids) {
      if (parts.dropCovered) throw storageError('Unsupported', 'this log drops what its snapshots cover by itself')
      await change(() => drop(ids))
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
