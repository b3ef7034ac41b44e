import { Readable } from 'node:stream'
import type { Bytes, ByteStream } from '../backend/index.ts'
import { ownBytes } from '../store/index.ts'

/** What a Node stream is to us: iterable, and destroyed when nobody wants it any more. */
export interface NodeReadable extends AsyncIterable<Uint8Array> {
  destroy(error?: Error): unknown
  pipe<Target extends NodeJsWritable>(target: Target): Target
}
export interface NodeJsWritable {
  write(chunk: Uint8Array): boolean
  end(): unknown
}

/** A Node `Readable` of a body, with its back-pressure; destroying it frees the body. */
export function toNodeStream(body: ByteStream): NodeReadable {
  const stream = Readable.from(body, { objectMode: false, highWaterMark: 1 << 20 })
  // A failing body is told to whoever reads; a stream that nobody reads must not end the process.
  stream.on('error', () => undefined)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a Readable is all of it; Node's own types stay out of ours
  return stream as unknown as NodeReadable
}

/** The body of a Node stream. Ending early destroys the stream. */
export async function* fromNodeStream(
  stream: AsyncIterable<Uint8Array> & { destroy(): unknown },
): AsyncGenerator<Bytes> {
  try {
    for await (const chunk of stream) yield ownBytes(chunk)
  } finally {
    stream.destroy()
  }
}
