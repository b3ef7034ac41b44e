import { open } from 'node:fs/promises'
import { type Bytes, type ByteStream, type Source, storageError, untilAborted } from '@kit/core'
import { fileState } from '@kit/core/node'

/** Where bytes come from, in order. */
export interface Pieces {
  /** The next bytes, the caller's own; nothing at the end. */
  next(): Promise<Bytes | undefined>
  /** Puts the next bytes into `target` from `at` on, without a buffer between; 0 at the end. */
  readonly fill?: ((target: Bytes, at: number) => Promise<number>) | undefined
  end(): Promise<void>
}

/** Bytes of a file that are read at once where they go through a buffer. */
const pieceBytes = 64 << 10

export function piecesOfStream(stream: ByteStream, signal: AbortSignal): Pieces {
  const iterator = stream[Symbol.asyncIterator]()
  return {
    async next() {
      const { done, value } = await untilAborted(signal, iterator.next())
      return done === true ? undefined : value
    },
    async end() {
      const ending = iterator.return?.()
      // A stream that hangs in a pull would hang here too.
      if (signal.aborted) ending?.catch(() => undefined)
      else await ending
    },
  }
}

/** The body of a source: read by its file where there is one, and it can be opened. */
export async function piecesOf(source: Source, signal: AbortSignal): Promise<Pieces> {
  const { file, size, bytes } = source
  const handle =
    bytes !== undefined || file === undefined || size === undefined
      ? undefined
      : await open(file.path).catch(() => undefined)
  if (handle === undefined || file === undefined || size === undefined) return piecesOfStream(streamOf(source), signal)
  const unchanged = async (): Promise<boolean> => fileState(await handle.stat()) === file.state
  if (!(await unchanged().catch(() => false))) {
    await handle.close()
    return piecesOfStream(streamOf(source), signal)
  }
  let at = 0
  const fill = async (target: Bytes, from: number): Promise<number> => {
    const wanted = Math.min(target.byteLength - from, size - at)
    if (wanted === 0) {
      if (await unchanged()) return 0
      throw storageError('Conflict', 'the file changed while it was read', { key: file.path })
    }
    const { bytesRead } = await handle.read(target, from, wanted, file.from + at)
    if (bytesRead === 0) throw storageError('Conflict', 'the file became shorter while it was read', { key: file.path })
    at += bytesRead
    file.copied?.(bytesRead)
    return bytesRead
  }
  return {
    fill,
    async next() {
      const piece = new Uint8Array(Math.min(pieceBytes, Math.max(1, size - at)))
      const filled = await fill(piece, 0)
      return filled === 0 ? undefined : piece.subarray(0, filled)
    },
    end: () => handle.close(),
  }
}

function streamOf(source: Source): ByteStream {
  const stream = source.open(0)
  if (stream === null) throw storageError('Conflict', 'the source has been read already and gives its bytes only once')
  return stream
}
