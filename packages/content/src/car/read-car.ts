import { type Bytes, type ByteStream, storageError } from '@kit/core'
import { type Cid, maxDigestBytes, readCid } from '../cid/cid.ts'
import { cursorOf } from '../cid/varint.ts'
import type { Block } from '../dag/index.ts'
import { checkBlock, maxBlockBytes } from '../verify/index.ts'
import type { BufferPool } from '../unixfs/buffers.ts'
import { decodeHeader, maxHeaderBytes } from './header.ts'
import { type Pieces, piecesOfStream } from './pieces.ts'
import { type StreamBytes, streamBytes } from './stream-bytes.ts'

export interface CarLimits {
  /** Longest header in bytes. Default 1 MiB. */
  readonly headerBytes?: number | undefined
  /** Blocks in all. Default: as many as there are. */
  readonly blocks?: number | undefined
  /** Bytes of the CAR in all. Default: as many as there are. */
  readonly bytes?: number | undefined
}

/** A CAR whose header has been read. */
export interface CarReading extends AsyncDisposable {
  readonly version: 1 | 2
  /** What the CAR says that it is about. None of it need be in it. */
  readonly roots: readonly string[]
  /**
   * The blocks in the order of the CAR, each checked against its CID; can be gone through once. Its end is the end of the CAR.
   * @throws Corrupt for a block that is not what its CID says, for sections that are not sound, and for a CAR that ends early;
   * TooLarge beyond the limits; Unsupported for a hash function that is not known.
   */
  readonly blocks: AsyncIterable<Block>
}

/** Longest section in bytes: a CID and a block. */
export const maxSectionBytes: number = maxDigestBytes + 24 + maxBlockBytes
/** Sections from this length on have a buffer of the pool; shorter ones are cheap. */
const pooledBytes = 64 << 10

/**
 * Reads a CAR of version 1 or 2 as a stream: https://ipld.io/specs/transport/car/. Of version 2 the blocks are read where its header says
 * that they are; the index behind them is left alone, and so are its characteristics, which speak of that index. Dispose it, or go
 * through the blocks: both free the stream.
 * @throws Corrupt for what is no CAR; Unsupported for other versions; TooLarge beyond the limits.
 */
export async function readCar(
  stream: ByteStream,
  options: { readonly signal: AbortSignal; readonly limits?: CarLimits | undefined },
): Promise<CarReading> {
  const car = await openCar(piecesOfStream(stream, options.signal), options.limits)
  return { ...car, blocks: blocksOf(car) }
}

async function* blocksOf({ sections }: OpenCar): AsyncGenerator<Block> {
  for await (const { cid, data } of sections()) {
    checkBlock(cid, data)
    yield { cid: cid.text, bytes: data }
  }
}

/** A section that has been read, and not yet been checked. */
export interface Section {
  readonly cid: Cid
  readonly data: Bytes
  /** The buffer goes back to the pool; nothing where it did not come from there. */
  readonly release?: (() => void) | undefined
}

export interface OpenCar extends AsyncDisposable {
  readonly version: 1 | 2
  readonly roots: readonly string[]
  /** Can be gone through once; the next section is on its way while the caller looks at one. */
  sections(pool?: BufferPool): AsyncIterable<Section>
}

/** Reads a CAR as far as its blocks. @throws as `readCar` */
export async function openCar(pieces: Pieces, limits: CarLimits = {}): Promise<OpenCar> {
  const bytes = streamBytes(pieces)
  try {
    let header = decodeHeader(await takeHeader(bytes, limits))
    let end = Number.POSITIVE_INFINITY
    if (header.version === 2) {
      end = await seekBlocks(bytes)
      header = decodeHeader(await takeHeader(bytes, limits))
      if (header.version !== 1) throw broken('the blocks of a CAR of version 2 begin with no header of version 1')
      return reading(bytes, 2, header.roots, end, limits)
    }
    return reading(bytes, 1, header.roots, end, limits)
  } catch (error) {
    await bytes[Symbol.asyncDispose]()
    throw error
  }
}

function reading(
  bytes: StreamBytes,
  version: 1 | 2,
  roots: readonly string[],
  end: number,
  limits: CarLimits,
): OpenCar {
  return {
    version,
    roots,
    sections: (pool) => sectionsOf(bytes, end, limits, pool),
    [Symbol.asyncDispose]: () => bytes[Symbol.asyncDispose](),
  }
}

async function* sectionsOf(
  bytes: StreamBytes,
  end: number,
  limits: CarLimits,
  pool: BufferPool | undefined,
): AsyncGenerator<Section> {
  const { blocks = Number.POSITIVE_INFINITY, bytes: most = Number.POSITIVE_INFINITY } = limits
  let count = 0
  const read = async (): Promise<Section | undefined> => {
    if (bytes.position >= end) {
      if (bytes.position > end) throw broken('its last section goes beyond what its header says')
      return undefined
    }
    if (await bytes.atEnd()) {
      if (end === Number.POSITIVE_INFINITY) return undefined
      throw broken(`it ends early, after ${bytes.position} bytes`)
    }
    const length = await bytes.varint()
    if (length > maxSectionBytes) throw tooLarge(`a section of ${length} bytes`)
    if (count++ >= blocks) throw tooLarge(`more than ${blocks} blocks`)
    if (bytes.position + length > most) throw tooLarge(`more than ${most} bytes`)
    const into = pool === undefined || bytes.holds(length) || length < pooledBytes ? undefined : await pool.take()
    const release = into && (() => pool?.give(into))
    return { ...splitSection(await bytes.take(length, into)), release }
  }
  let next = read()
  try {
    for (let section = await next; section !== undefined; section = await next) {
      // A stream is not pulled before its turn: whoever ends the reading would have to wait for it.
      const ahead = bytes.direct
      if (ahead) next = read()
      // Told when its turn comes, or to nobody where the reading ended before.
      next.catch(() => undefined)
      yield section
      if (!ahead) next = read()
    }
  } finally {
    await bytes[Symbol.asyncDispose]()
  }
}

/** A section as the CID and the bytes that it is made of. @throws Corrupt */
function splitSection(section: Bytes): { readonly cid: Cid; readonly data: Bytes } {
  const cursor = cursorOf(section)
  try {
    const cid = readCid(cursor)
    return { cid, data: section.subarray(cursor.at) }
  } catch (error) {
    throw storageError('Corrupt', 'the CAR is not sound: a section begins with no CID that can be read', {
      cause: error,
    })
  }
}

async function takeHeader(bytes: StreamBytes, { headerBytes = maxHeaderBytes }: CarLimits): Promise<Bytes> {
  const length = await bytes.varint()
  if (length > headerBytes) throw tooLarge(`a header of ${length} bytes; at most ${headerBytes} are read`)
  return await bytes.take(length)
}

/** Goes to the blocks of a CAR of version 2 and gives the offset of their end. */
async function seekBlocks(bytes: StreamBytes): Promise<number> {
  const fixed = await bytes.take(40)
  const view = new DataView(fixed.buffer, fixed.byteOffset, 40)
  const [offset, size, index] = [16, 24, 32].map((at) => Number(view.getBigUint64(at, true)))
  if (offset === undefined || size === undefined || index === undefined) throw broken('its header is cut off')
  const end = offset + size
  if (offset < bytes.position || size === 0 || !Number.isSafeInteger(end)) {
    throw broken('its header says that the blocks are where they cannot be')
  }
  if (index !== 0 && index < end) throw broken('its header says that the index lies among the blocks')
  await bytes.skip(offset - bytes.position)
  return end
}

function broken(why: string): Error {
  return storageError('Corrupt', `the CAR is not sound: ${why}`)
}

function tooLarge(what: string): Error {
  return storageError('TooLarge', `the CAR has ${what}`)
}
