/** What an upload in parts was begun with, and how that is kept: JSON in the file `start` of its folder. */
import type { Key, Upload, UploadToken } from '@kit/core'

export type StartOptions = Parameters<Upload['start']>[2]

export interface UploadRecord {
  readonly key: Key
  /** Every part but the last has this many bytes. */
  readonly partBytes: number
  /** ISO 8601. */
  readonly expires: string
  readonly options: StartOptions
}

const version = 1
const keptMs = 7 * 24 * 60 * 60 * 1000

export const usualPartBytes: number = 8 * 2 ** 20
export const partMaxBytes: number = 2 ** 30
export const partsMax = 100_000

/** What is lost when one is cut off is little beside the whole, and beginning and ending parts costs little beside filling them. */
const partsWanted = 64
const wantedMaxBytes = 256 * 2 ** 20

/** As few bytes in a part as are usual, or more of a large object: in whole MiB then. */
export function partBytesFor(size: number | undefined, usual: number): number {
  const bytes = size ?? 0
  const needed = Math.max(Math.min(bytes / partsWanted, wantedMaxBytes), bytes / partsMax)
  return needed <= usual ? usual : Math.ceil(needed / 2 ** 20) * 2 ** 20
}

export function newRecord(key: Key, options: StartOptions, usual: number): UploadRecord {
  const expires = new Date(Date.now() + keptMs).toISOString()
  return { key, partBytes: partBytesFor(options.size, usual), expires, options }
}

export function isExpired({ expires }: UploadRecord): boolean {
  return Date.parse(expires) <= Date.now()
}

export function tokenOf(id: string, { key, partBytes, expires, options }: UploadRecord): UploadToken {
  return { key, partBytes, expires, sourceVersion: options.sourceVersion, state: id }
}

export function recordText({ key, partBytes, expires, options }: UploadRecord): string {
  const { size, sourceVersion, ifAbsent, ifMatch, mode, modified } = options
  const kept = { size, sourceVersion, ifAbsent, ifMatch, mode, modified }
  return JSON.stringify({ version, key, partBytes, expires, ...kept })
}

/** Undefined where a power cut has left no record. */
export function parseRecord(text: string): UploadRecord | 'newer' | undefined {
  let given: Record<string, unknown>
  try {
    given = Object(JSON.parse(text))
  } catch {
    return undefined
  }
  const { key, partBytes, expires, size, sourceVersion, ifAbsent, ifMatch, mode, modified } = given
  if (Number(given['version']) > version) return 'newer'
  if (typeof key !== 'string' || typeof partBytes !== 'number' || typeof expires !== 'string') return undefined
  return {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written from a key, in a folder that only Kit writes to
    key: key as Key,
    partBytes,
    expires,
    options: {
      size: typeof size === 'number' ? size : undefined,
      sourceVersion: typeof sourceVersion === 'string' ? sourceVersion : undefined,
      ifAbsent: ifAbsent === true ? true : undefined,
      ifMatch: typeof ifMatch === 'string' ? ifMatch : undefined,
      mode: typeof mode === 'number' ? mode : undefined,
      modified: typeof modified === 'string' ? new Date(modified) : undefined,
    },
  }
}
