/** Snapshots: a header, a frame for each piece of the state, and an empty one at the end, in a file that appears whole. */
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Bytes } from '../backend/index.ts'
import { errorCode, storageError } from '../errors/index.ts'
import { closeRead, fileSize, flags, openToRead, syncFolder, writeFully } from './disk.ts'
import type { LogFiles } from './files.ts'
import { frameBytes, kinds, recordBytesMax, writeFrame } from './frame.ts'
import { encodeHeader, magics, readHeader, snapshotName, type SnapshotHeader } from './header.ts'
import { scanFrames } from './scan.ts'

const writeBytes = 2 ** 20

export interface SavedState {
  readonly header: SnapshotHeader
  read(): AsyncIterable<Bytes>
}

/**
 * The snapshot of a generation; undefined where it is damaged.
 * @throws Unsupported or InvalidConfig where it is of another version or format
 */
export async function openSnapshot(
  folder: string,
  generation: number,
  wanted: { readonly format: string; readonly version: number },
): Promise<SavedState | undefined> {
  const path = join(folder, snapshotName(generation))
  try {
    const header = await withFile(path, async (fd) => (await readHeader(fd, 'snapshot', wanted, path)).header)
    const saved: SavedState = { header, read: () => pieces(path, wanted) }
    for await (const _ of saved.read());
    return saved
  } catch (error) {
    if (errorCode(error) === 'Corrupt') return undefined
    throw error
  }
}

async function withFile<Result>(path: string, work: (fd: number) => Promise<Result>): Promise<Result> {
  const fd = await openToRead(path)
  try {
    return await work(fd)
  } finally {
    closeRead(fd)
  }
}

async function* pieces(
  path: string,
  wanted: { readonly format: string; readonly version: number },
): AsyncGenerator<Bytes> {
  const fd = await openToRead(path)
  try {
    const { header, end } = await readHeader(fd, 'snapshot', wanted, path)
    const size = fileSize(fd)
    const scan = scanFrames(fd, header.mark, end, size)
    for (;;) {
      const frames = await scan.next()
      if (frames.length === 0) throw storageError('Corrupt', `${path} is damaged at offset ${scan.at}`)
      for (const { kind, bytes } of frames) {
        if (kind === kinds.part) yield bytes
        else if (scan.at === size) return
      }
    }
  } finally {
    closeRead(fd)
  }
}

/** On the disk when it resolves. Nothing is left of one that failed. */
export async function writeSnapshot(
  files: LogFiles,
  folder: string,
  header: SnapshotHeader,
  state: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  const path = join(folder, snapshotName(header.generation))
  const temporary = `${path}.tmp`
  try {
    await files.unlink(temporary).catch(() => undefined)
    const fd = await files.open(temporary, flags.create)
    try {
      await writePieces(files, fd, header, state)
      await files.sync(fd)
    } finally {
      await files.close(fd)
    }
    await files.rename(temporary, path)
    await syncFolder(files, folder)
  } catch (error) {
    await files.unlink(temporary).catch(() => undefined)
    throw error
  }
}

async function writePieces(
  files: LogFiles,
  fd: number,
  header: SnapshotHeader,
  state: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  const start = encodeHeader(magics.snapshot, header)
  let parts: Uint8Array[] = [start]
  let written = 0
  let end = start.length

  function put(bytes: Uint8Array, kind: number): void {
    const head = Buffer.alloc(frameBytes)
    writeFrame(head, 0, header.mark, end, { size: bytes.byteLength, crc: crc32(bytes), synced: 0, kind })
    parts.push(head, bytes)
    end += frameBytes + bytes.byteLength
  }
  async function flush(): Promise<void> {
    await writeFully(files, fd, parts, written)
    parts = []
    written = end
  }

  for await (const bytes of state) {
    if (bytes.byteLength > recordBytesMax)
      throw storageError('TooLarge', `a piece of the state has ${bytes.byteLength} bytes`)
    put(bytes, kinds.part)
    if (end - written >= writeBytes || parts.length >= 512) await flush()
  }
  put(new Uint8Array(0), kinds.end)
  await flush()
}
