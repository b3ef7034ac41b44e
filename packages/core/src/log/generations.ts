import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { storageError } from '../errors/index.ts'
import { namesIn } from './disk.ts'
import type { LogFiles } from './files.ts'
import { numbered, snapshotName, type Boundary, type Sealed } from './header.ts'
import type { Known } from './inspect.ts'
import type { Position, Snapshot } from './log.ts'
import { openSnapshot, writeSnapshot } from './snapshot.ts'

/** The snapshots of a log: the newest that is whole, and the one before it. */
export interface Generations {
  readonly snapshot: Snapshot | undefined
  readonly known: Known | undefined
  /** Whether there are any, though none of them is whole. */
  readonly damaged: boolean
  /** Writes the next one and removes all but the one before. Gives what both cover. */
  save(state: {
    readonly covers: Position
    readonly after: Boundary
    readonly sealed: readonly Sealed[]
    readonly newest: number
    readonly pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>
  }): Promise<Position | undefined>
}

interface Setting {
  readonly folder: string
  readonly format: string
  readonly version: number
  readonly files: LogFiles
}

export async function loadGenerations(setting: Setting): Promise<Generations> {
  const { folder, format, version, files } = setting
  const numbers = numbered(await namesIn(folder), 'snapshot')
  let next = (numbers.at(-1) ?? 0) + 1
  let newest: { readonly generation: number; readonly covers: Position } | undefined
  let known: Known | undefined
  let snapshot: Snapshot | undefined
  for (const generation of numbers.toReversed()) {
    const saved = await openSnapshot(folder, generation, setting)
    if (saved === undefined) continue
    const { covers, after, sealed } = saved.header
    newest = { generation, covers }
    known = { place: after, last: covers, sealed, newest: saved.header.newest }
    snapshot = { covers, read: saved.read }
    break
  }

  return {
    snapshot,
    known,
    damaged: snapshot === undefined && numbers.length > 0,
    async save({ pieces, covers, ...place }) {
      const generation = next
      const mark = randomBytes(4).readUInt32LE()
      await writeSnapshot(files, folder, { format, version, mark, generation, covers, ...place }, pieces)
      next++
      const before = newest
      newest = { generation, covers }
      for (const old of numbered(await namesIn(folder), 'snapshot')) {
        if (old !== generation && old !== before?.generation) {
          await files.unlink(join(folder, snapshotName(old))).catch(() => undefined)
        }
      }
      return before?.covers
    },
  }
}

export function damagedSnapshots(folder: string): Error {
  return storageError(
    'Corrupt',
    `no snapshot of the log in ${folder} is whole, and the records that it held were dropped from the log`,
  )
}
