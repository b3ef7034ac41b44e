import { setImmediate } from 'node:timers/promises'
import { type Bytes, type ByteStream, type LocalFile, type Source, storageError, untilAborted } from '@kit/core'
import { bufferPool } from './buffers.ts'
import { openLocalFile } from './local-file.ts'

/** Where the bytes of a chunk lie: `frame` from `from` to `to`. Room of the asked lengths is before and behind them. */
export interface Chunk {
  readonly frame: Bytes
  readonly from: number
  readonly to: number
  /** The frame goes back to be filled again. */
  release(): void
}

export interface ChunkRules {
  readonly chunkBytes: number
  /** Bytes in each frame before the chunk, and behind it. */
  readonly before: number
  readonly behind: number
  /** Chunks that whoever pulls them may hold at once. */
  readonly held: number
}

const breathBytes = 8 << 20

/** Chunks that are read from a file before they are asked for. */
const readAhead = 2

/**
 * The body in chunks of `chunkBytes`, the last one shorter; none for an empty body. As large reads as there can be, into frames that are
 * used again once released.
 * @throws Corrupt for a body of another length than the source says; Conflict for a file that changed meanwhile.
 */
export async function* chunksOf(source: Source, rules: ChunkRules, signal: AbortSignal): AsyncGenerator<Chunk> {
  const { bytes, size, file } = source
  if (bytes !== undefined) {
    checkLength(size, bytes.byteLength)
    yield* chunksOfBytes(bytes, rules)
    return
  }
  const opened = file === undefined || size === undefined ? undefined : await openLocalFile(file, size)
  if (opened === undefined || file === undefined || size === undefined) yield* chunksOfStream(source, rules, signal)
  else {
    await using reading = opened
    yield* chunksOfFile(reading.read, file, size, rules)
    await reading.checkUnchanged()
  }
}

async function* chunksOfBytes(bytes: Bytes, { chunkBytes, before, behind }: ChunkRules): AsyncGenerator<Chunk> {
  for (let at = 0; at < bytes.byteLength; at += chunkBytes) {
    // Nothing here waits: the rest of the program gets its turn, and a signal its chance.
    if (at > 0 && at % breathBytes === 0) await setImmediate()
    const to = Math.min(at + chunkBytes, bytes.byteLength)
    if (before === 0 && behind === 0) yield { frame: bytes, from: at, to, release() {} }
    else {
      const frame = new Uint8Array(before + to - at + behind)
      frame.set(bytes.subarray(at, to), before)
      yield { frame, from: before, to: before + to - at, release() {} }
    }
  }
}

async function* chunksOfFile(
  read: (target: Bytes, from: number, length: number, position: number) => Promise<void>,
  file: LocalFile,
  size: number,
  { chunkBytes, before, behind, held }: ChunkRules,
): AsyncGenerator<Chunk> {
  const pool = bufferPool(before + Math.min(chunkBytes, size) + behind, held + readAhead)
  const begun: { readonly frame: Bytes; readonly length: number; readonly done: Promise<void> }[] = []
  for (let next = 0; ;) {
    while (begun.length < readAhead && next < size) {
      const frame = begun.length === 0 ? await pool.take() : pool.tryTake()
      if (frame === undefined) break
      const length = Math.min(chunkBytes, size - next)
      const done = read(frame, before, length, file.from + next)
      // Whoever waits for it gets the failure; nobody may be waiting yet.
      done.catch(() => undefined)
      begun.push({ frame, length, done })
      next += length
    }
    const first = begun.shift()
    if (first === undefined) return
    const { frame, length, done } = first
    await done
    file.copied?.(length)
    yield { frame, from: before, to: before + length, release: () => pool.give(frame) }
  }
}

async function* chunksOfStream(source: Source, rules: ChunkRules, signal: AbortSignal): AsyncGenerator<Chunk> {
  const { chunkBytes, before, behind, held } = rules
  const { size } = source
  const pool = bufferPool(before + Math.min(chunkBytes, size ?? chunkBytes) + behind, held + 1)
  let frame: Bytes | undefined
  let filled = 0
  let total = 0
  const chunk = (): Chunk => {
    const full = frame ?? new Uint8Array()
    const to = before + filled
    frame = undefined
    filled = 0
    return { frame: full, from: before, to, release: () => pool.give(full) }
  }
  for await (const piece of pulled(source, signal)) {
    total += piece.byteLength
    if (size !== undefined && total > size) throw wrongLength(`more than the ${size} bytes`)
    for (let at = 0; at < piece.byteLength;) {
      if (frame === undefined && before === 0 && behind === 0 && piece.byteLength - at >= chunkBytes) {
        // A piece belongs to whoever pulled it: it need not be copied.
        yield { frame: piece, from: at, to: at + chunkBytes, release() {} }
        at += chunkBytes
        continue
      }
      frame ??= await pool.take()
      const length = Math.min(chunkBytes - filled, piece.byteLength - at)
      frame.set(piece.subarray(at, at + length), before + filled)
      filled += length
      at += length
      if (filled === chunkBytes) yield chunk()
    }
  }
  checkLength(size, total)
  if (filled > 0) yield chunk()
}

/** The stream of a source. A pull that waits ends with the signal. */
async function* pulled(source: Source, signal: AbortSignal): ByteStream {
  const stream = source.open(0)
  if (stream === null) throw storageError('Conflict', 'the source has been read already and gives its bytes only once')
  const iterator = stream[Symbol.asyncIterator]()
  let ended = false
  try {
    for (;;) {
      const { done, value } = await untilAborted(signal, iterator.next())
      if (done === true) {
        ended = true
        return
      }
      yield value
    }
  } finally {
    const ending = ended ? undefined : iterator.return?.()
    // A source that hangs in a pull would hang here too.
    if (signal.aborted) ending?.catch(() => undefined)
    else await ending
  }
}

function checkLength(size: number | undefined, bytes: number): void {
  if (size !== undefined && bytes !== size) throw wrongLength(`${bytes} bytes, not the ${size}`)
}

function wrongLength(what: string): Error {
  return storageError('Corrupt', `the body has ${what} that \`size\` says`)
}
