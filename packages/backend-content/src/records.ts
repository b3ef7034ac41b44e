import { parseCid, type Cid } from '@kit/content'
import { storageError, type Bytes } from '@kit/core'

/** What the records of the log are, see `docs/formats/content-store.md`. The first byte of each says which. */
export const recordType = { block: 1, change: 2, state: 3 } as const

export const format = { name: 'kit-content', version: 1 } as const

/** A name that points at content, or points at nothing any more. */
export interface RefChange {
  readonly ref: string
  readonly cid: string | null
}

/** A pin, or that there is none any more. */
export interface PinChange {
  readonly pin: string
  readonly is: PinRecord | null
}

export interface PinRecord {
  readonly mode: 'recursive' | 'direct'
  readonly name?: string | undefined
  readonly metadata?: Readonly<Record<string, string>> | undefined
}

export type Change = RefChange | PinChange

/** A part of the whole state: nothing before the first part counts once the last one is there. */
export interface StatePart {
  readonly part: number
  readonly parts: number
  readonly changes: readonly Change[]
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

/** What stands before the bytes of a block in its record. */
export function blockHead({ bytes }: Cid): Bytes {
  const head = new Uint8Array(2 + bytes.byteLength)
  head[0] = recordType.block
  head[1] = bytes.byteLength
  head.set(bytes, 2)
  return head
}

/** Bytes before the block in the record of a CID of so many bytes. */
export function headBytes(cidBytes: number): number {
  return 2 + cidBytes
}

/** The CID in a block's record, in its binary form, and the block; both views. @throws Corrupt for another record */
export function readBlock(record: Bytes): { readonly cid: Bytes; readonly bytes: Bytes } {
  const length = record[1] ?? 0
  if (record[0] !== recordType.block || record.byteLength < 2 + length) throw unreadable('is no block')
  return { cid: record.subarray(2, 2 + length), bytes: record.subarray(2 + length) }
}

export function changeRecord(change: Change): Bytes {
  return withType(recordType.change, change)
}

export function stateRecords(changes: readonly Change[]): Bytes[] {
  const perPart = 1000
  const parts = Math.max(1, Math.ceil(changes.length / perPart))
  return Array.from({ length: parts }, (_, part) =>
    withType(recordType.state, { part, parts, changes: changes.slice(part * perPart, (part + 1) * perPart) }),
  )
}

export function readChange(record: Bytes): Change {
  const change = parsed(record)
  if (!isChange(change)) throw unreadable('is no change of a name or a pin')
  return change
}

export function readState(record: Bytes): StatePart {
  const state = parsed(record)
  if (!isStatePart(state)) throw unreadable('is no part of a state')
  return state
}

/** Changes as lines of JSON, for snapshots. */
export function changeLines(changes: readonly Change[]): Bytes {
  return encoder.encode(changes.map((change) => `${JSON.stringify(change)}\n`).join(''))
}

export function readLines(lines: Uint8Array): Change[] {
  const text = decoder.decode(lines)
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const change: unknown = JSON.parse(line)
      if (!isChange(change)) throw unreadable('of a snapshot is no change')
      return change
    })
}

function withType(type: number, value: unknown): Bytes {
  const json = encoder.encode(JSON.stringify(value))
  const record = new Uint8Array(1 + json.byteLength)
  record[0] = type
  record.set(json, 1)
  return record
}

function parsed(record: Bytes): unknown {
  try {
    return JSON.parse(decoder.decode(record.subarray(1)))
  } catch (error) {
    throw storageError('Corrupt', 'a record of the content store is no JSON', { cause: error })
  }
}

function isStatePart(value: unknown): value is StatePart {
  if (typeof value !== 'object' || value === null || !('part' in value) || !('parts' in value)) return false
  return 'changes' in value && Array.isArray(value.changes) && value.changes.every(isChange)
}

function isChange(value: unknown): value is Change {
  if (typeof value !== 'object' || value === null) return false
  if ('ref' in value) {
    return typeof value.ref === 'string' && 'cid' in value && (value.cid === null || isCidText(value.cid))
  }
  if (!('pin' in value) || !isCidText(value.pin) || !('is' in value)) return false
  const { is } = value
  return is === null || (typeof is === 'object' && 'mode' in is && (is.mode === 'recursive' || is.mode === 'direct'))
}

function isCidText(value: unknown): boolean {
  return typeof value === 'string' && parseCid(value).text === value
}

function unreadable(what: string): Error {
  return storageError('Corrupt', `a record of the content store ${what}`)
}
