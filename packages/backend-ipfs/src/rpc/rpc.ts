import { ownBytes, storageError, throwIfAborted, type Bytes, type ByteStream } from '@kit/core'
import { kuboError } from '../ipfs-errors.ts'
import type { Answer, Asked, Transport } from './transport.ts'

/** Bytes of an answer that is one JSON value. */
const jsonMaxBytes = 64 << 20
/** Bytes of one line of an answer in lines. */
const lineMaxBytes = 16 << 20

/** A daemon's calls, by the shape of their answers. Every failure of a daemon is a StorageError. */
export interface Rpc {
  /** The last value of an answer in JSON; `undefined` where it is empty. */
  json(command: string, asked?: Asked): Promise<unknown>
  /** The values of an answer in lines, as they come. */
  lines(command: string, asked?: Asked): AsyncGenerator
  /** As `lines`, for answers that begin when something has been set up: resolves then. */
  open<Item>(command: string, asked: Asked, itemOf: (value: unknown) => Item): Promise<AsyncIterable<Item>>
  /** An answer whose bytes are what was asked for. Resolves once Kubo has said that it can give them. */
  bytes(command: string, asked?: Asked): Promise<ByteStream>
  /** As `bytes`, all at once. @throws TooLarge above `maxBytes` */
  whole(command: string, asked: Asked, maxBytes: number): Promise<Bytes>
  /** An answer that says nothing. */
  tell(command: string, asked?: Asked): Promise<void>
  close(): Promise<void>
}

export function kuboRpc(transport: Transport): Rpc {
  async function* lines(command: string, asked: Asked = {}): AsyncGenerator {
    const answer = await transport.send(command, asked)
    for await (const value of valuesOf(answer, command)) {
      // One piece of an answer has many lines.
      if (asked.signal !== undefined) throwIfAborted(asked.signal)
      const said: unknown = Reflect.get(Object(value), 'Message')
      // A failure in the middle of a stream that began as a success.
      if (Reflect.get(Object(value), 'Type') === 'error' && typeof said === 'string') {
        throw kuboError(said, { changes: asked.changes === true })
      }
      yield value
    }
  }

  return {
    lines,
    async open(command, asked, itemOf) {
      const answer = await transport.send(command, asked)
      const values = valuesOf(answer, command)
      return {
        [Symbol.asyncIterator]: () => ({
          async next() {
            const step = await values.next()
            return step.done === true ? { done: true, value: undefined } : { done: false, value: itemOf(step.value) }
          },
          async return() {
            answer.drop()
            await values.return(undefined)
            return { done: true, value: undefined }
          },
        }),
      }
    },
    async json(command, asked) {
      let last: unknown
      for await (const value of lines(command, asked)) last = value
      return last
    },
    async bytes(command, asked = {}) {
      const answer = await transport.send(command, asked)
      return streamOf(answer)
    },
    async whole(command, asked, maxBytes) {
      const answer = await transport.send(command, asked)
      return collect(answer, maxBytes, command)
    },
    async tell(command, asked = {}) {
      const answer = await transport.send(command, asked)
      await collect(answer, jsonMaxBytes, command)
    },
    close: () => transport.close(),
  }
}

/** Ending it early frees the connection, also before its first byte was pulled. */
function streamOf(answer: Answer): ByteStream {
  const body = answer.body()
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        const step = await body.next()
        return step.done === true ? { done: true, value: undefined } : { done: false, value: ownBytes(step.value) }
      },
      async return() {
        answer.drop()
        await body.return(undefined)
        return { done: true, value: undefined }
      },
    }),
  }
}

async function collect(answer: Answer, maxBytes: number, command: string): Promise<Bytes> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of answer.body()) {
    size += chunk.byteLength
    if (size > maxBytes) throw storageError('TooLarge', `the answer to ${command} has more than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  const [first] = chunks
  if (first !== undefined && chunks.length === 1 && first.byteLength === first.buffer.byteLength) return ownBytes(first)
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.byteLength
  }
  return bytes
}

/** JSON values, one after the other: Kubo ends each with a newline. */
async function* valuesOf(answer: Answer, command: string): AsyncGenerator {
  const decoder = new TextDecoder()
  let parts: string[] = []
  let held = 0
  const limit = answer.response.headers['x-chunked-output'] === '1' ? lineMaxBytes : jsonMaxBytes
  for await (const chunk of answer.body()) {
    const text = decoder.decode(chunk, { stream: true })
    let from = 0
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
      parts.push(text.slice(from, end))
      const line = parts.join('')
      parts = []
      held = 0
      from = end + 1
      if (line.trim() !== '') yield parsed(line, command)
    }
    if (from < text.length) parts.push(text.slice(from))
    held += text.length - from
    if (held > limit) throw storageError('TooLarge', `the answer to ${command} has a value of more than ${limit} bytes`)
  }
  const rest = parts.join('') + decoder.decode()
  if (rest.trim() !== '') yield parsed(rest, command)
}

function parsed(line: string, command: string): unknown {
  try {
    return JSON.parse(line)
  } catch (error) {
    throw storageError('Corrupt', `the answer to ${command} is no JSON: ${line.slice(0, 100)}`, { cause: error })
  }
}
