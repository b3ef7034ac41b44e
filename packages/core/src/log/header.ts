/** The start of every file of a log: 8 bytes that name the layout, length and CRC-32 of a JSON object, and that object. */
import { crc32 } from 'node:zlib'
import { storageError } from '../errors/index.ts'
import { readFully } from './disk.ts'

/** A segment that is no longer written to. */
export interface Sealed {
  readonly id: number
  /** Where its last batch ends. */
  readonly end: number
  readonly version: number
}

/** A place between two frames: everything before it is known to be on the disk. */
export interface Boundary {
  readonly segment: number
  readonly offset: number
}

interface Common {
  readonly format: string
  readonly version: number
  readonly mark: number
  /** The segments that are kept besides the newest, in their order. */
  readonly sealed: readonly Sealed[]
}

export interface SegmentHeader extends Common {
  readonly segment: number
  /** What was on the disk when the segment was begun. */
  readonly durable: Boundary
}

export interface SnapshotHeader extends Common {
  readonly generation: number
  /** The record that it covers, and the place after it. */
  readonly covers: Boundary
  readonly after: Boundary
  /** The segment that was written to when it was saved; `sealed` are those before. */
  readonly newest: number
}

export const magics = { segment: 'KITLOG1\n', snapshot: 'KITSNP1\n' } as const
const magicBytes = 8
const prefixBytes = 16
const headerBytesMax = 64 * 2 ** 20

export function encodeHeader(magic: string, header: SegmentHeader | SnapshotHeader): Buffer {
  const sealed = header.sealed.map(({ id, end, version }) => [id, end, version])
  const json = Buffer.from(JSON.stringify({ ...header, sealed }))
  const bytes = Buffer.alloc(prefixBytes + json.length)
  bytes.write(magic, 'latin1')
  bytes.writeUInt32LE(json.length, magicBytes)
  bytes.writeUInt32LE(crc32(json), magicBytes + 4)
  json.copy(bytes, prefixBytes)
  return bytes
}

/**
 * The header of a file, and where its frames begin.
 * @throws Corrupt where it is damaged, Unsupported for a newer version, InvalidConfig for another format.
 */
export async function readHeader<Kind extends keyof typeof magics>(
  fd: number,
  kind: Kind,
  wanted: { readonly format: string; readonly version: number },
  path: string,
): Promise<{ header: Kind extends 'segment' ? SegmentHeader : SnapshotHeader; end: number }> {
  const start = Buffer.alloc(4096)
  const got = await readFully(fd, start, start.length, 0)
  const magic = magics[kind]
  const found = start.toString('latin1', 0, magicBytes)
  if (found !== magic && /^KIT(LOG|SNP)\d+\n?$/.test(found) && found.slice(0, 6) === magic.slice(0, 6)) {
    throw storageError('Unsupported', `${path} has layout ${found.slice(6).trim()}, this version of Kit reads 1`)
  }
  const length = start.readUInt32LE(magicBytes)
  if (got < prefixBytes || found !== magic || length > headerBytesMax) throw damagedHeader(path)
  const json = Buffer.alloc(length)
  if ((await readFully(fd, json, length, prefixBytes)) < length) throw damagedHeader(path)
  if (crc32(json) !== start.readUInt32LE(magicBytes + 4)) throw damagedHeader(path)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its checksum is right, so `encodeHeader` has written it
  const parsed = JSON.parse(json.toString()) as { sealed: [number, number, number][] } & Record<string, unknown>
  if (parsed['format'] !== wanted.format) {
    throw storageError('InvalidConfig', `${path} is of the format ${String(parsed['format'])}, not ${wanted.format}`)
  }
  if (typeof parsed['version'] !== 'number' || parsed['version'] > wanted.version) {
    throw storageError(
      'Unsupported',
      `${path} is version ${String(parsed['version'])} of ${wanted.format}, this version of Kit reads up to ${wanted.version}`,
    )
  }
  const sealed = parsed.sealed.map(([id, end, version]): Sealed => ({ id, end, version }))
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
  const header = { ...parsed, sealed } as unknown as Kind extends 'segment' ? SegmentHeader : SnapshotHeader
  return { header, end: prefixBytes + length }
}

function damagedHeader(path: string): Error {
  return storageError('Corrupt', `the header of ${path} is damaged`)
}

export const segmentName = (id: number): string => `segment-${String(id).padStart(10, '0')}`
export const snapshotName = (generation: number): string => `snapshot-${String(generation).padStart(10, '0')}`

/** The numbers of the files of one kind, in their order. */
export function numbered(names: readonly string[], kind: 'segment' | 'snapshot'): number[] {
  const form = new RegExp(String.raw`^${kind}-(\d{10,15})$`)
  const found = names.flatMap((name) => {
    const match = form.exec(name)
    return match === null ? [] : [Number(match[1])]
  })
  return found.toSorted((a, b) => a - b)
}
