import { cidFromBytes } from '@kit/content'
import { storageError } from '@kit/core'
import { openLog, readLog, type Durable, type Log, type LogFiles, type LogReader, type Position } from '@kit/core/log'
import { blockIndex, rowBytes, type BlockIndex } from './block-index.ts'
import { nameOf } from './block-name.ts'
import type { Leases } from './leases.ts'
import { makePacks, type Packs } from './packs.ts'
import { format, readBlock, readChange, readState, recordType } from './records.ts'
import { loadState } from './snapshot.ts'
import { emptyState, type State } from './state.ts'

export interface PacksOptions {
  readonly folder: string
  readonly durable: Durable
  /** Follows what another process writes, and writes nothing. */
  readonly readOnly: boolean
  readonly leases: Leases
  /** For tests: how long segments are, and file operations that are recorded. */
  readonly segmentBytes?: number | undefined
  readonly files?: LogFiles | undefined
}

const usualSegmentBytes = 128 * 2 ** 20

/** A snapshot is made when so many bytes or records came since the last one: what opening has to read again after a crash. */
const tailBytes = 256 * 2 ** 20
const tailRecords = 200_000
/** Closing makes one too, where it is small beside what opening is spared. A record costs about as much as so many bytes of a snapshot. */
const recordBytes = 256

export async function openPacks(options: PacksOptions): Promise<Packs> {
  const { folder, durable, readOnly, segmentBytes = usualSegmentBytes, files } = options
  const how = { folder, format: format.name, version: format.version, durable, segmentBytes, files }
  const writer = readOnly ? undefined : await openLog(how)
  const log = writer ?? (await readLog(how))
  try {
    return await loaded(log, writer, options)
  } catch (error) {
    await log.close()
    throw error
  }
}

async function loaded(log: LogReader, writer: Log | undefined, { durable, leases }: PacksOptions): Promise<Packs> {
  const index = blockIndex()
  const state = emptyState()
  const { snapshot } = log
  if (snapshot !== undefined) await loadState(snapshot, new Set(log.segments().map(({ id }) => id)), index, state)
  let replayed = 0
  const replay = async (after: Position | undefined): Promise<Position | undefined> => {
    let last: Position | undefined
    for await (const records of log.replay(after)) {
      for (const { position, bytes } of records) {
        apply(index, state, position, bytes)
        replayed++
        last = position
      }
    }
    return last
  }
  const last = (await replay(snapshot?.covers ?? { segment: 0, offset: 0 })) ?? snapshot?.covers

  const since = { bytes: 0, records: replayed, saving: false }
  return makePacks({
    log,
    writer,
    index,
    state,
    leases,
    durable,
    replay,
    last,
    worthSaving: () => since.bytes + since.records * recordBytes > (index.rows * rowBytes) / 4,
    appended(packs, bytes) {
      since.bytes += bytes
      since.records++
      const worth = Math.max(1, (4 * index.rows * rowBytes) / tailBytes)
      if (since.saving || (since.bytes < tailBytes * worth && since.records < tailRecords * worth)) return
      since.saving = true
      since.bytes = since.records = 0
      // Without it the next opening takes longer; nothing is lost. A log that cannot be written fails the next append.
      packs
        .save()
        .catch(() => undefined)
        .finally(() => {
          since.saving = false
        })
    },
  })
}

function apply(index: BlockIndex, state: State, position: Position, bytes: Uint8Array<ArrayBuffer>): void {
  switch (bytes[0]) {
    case recordType.block: {
      const block = readBlock(bytes)
      const place = { segment: position.segment, at: position.offset, size: block.bytes.byteLength }
      index.put(nameOf(cidFromBytes(block.cid)), place)
      break
    }
    case recordType.change:
      state.apply(readChange(bytes))
      break
    case recordType.state:
      state.applyPart(readState(bytes))
      break
    default:
      throw storageError('Corrupt', `a record of the content store is of the unknown kind ${bytes[0]}`)
  }
}
