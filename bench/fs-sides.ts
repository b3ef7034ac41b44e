// The same few operations on files by Kit and by each peer, as a good program would call them.
import { createReadStream, createWriteStream } from 'node:fs'
import { readFile, rename, stat, writeFile } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { ReadableStream } from 'node:stream/web'
import { fs } from '@kit/backend-fs'
import { openStore } from '@kit/core'
import { Files } from 'files-sdk'
import { fs as filesSdkFs } from 'files-sdk/fs'
import { Operator } from 'opendal'

/** One folder in the hands of one library. Keys are relative paths; the folders on their way are there. */
export interface FsSide {
  write(key: string, bytes: Buffer): Promise<unknown>
  /** Gives the length. */
  read(key: string): Promise<number>
  /** Gives the size. */
  stat(key: string): Promise<number>
  writeStream(key: string, chunks: () => AsyncIterable<Uint8Array>): Promise<unknown>
  /** Takes the body in pieces as they come, and gives their length. */
  readStream(key: string): Promise<number>
  /** The body from so many bytes, in parts that arrive four at a time. */
  writeParts?(
    key: string,
    bytes: number,
    chunks: (bytes: number) => AsyncIterable<Uint8Array<ArrayBuffer>>,
  ): Promise<unknown>
  close?(): Promise<void>
}

export type PeerName = 'node:fs' | 'temporary + rename' | 'files-sdk' | 'opendal'

export const openSide: Readonly<Record<PeerName | 'kit', (root: string) => Promise<FsSide> | FsSide>> = {
  kit: async (root) => kitSide(root),
  'node:fs': nodeSide,
  'temporary + rename': renamingSide,
  'files-sdk': filesSdkSide,
  opendal: opendalSide,
}

/** With what `openStore` gives to everybody: the default layers, no fsync unless asked. */
export async function kitSide(root: string, options: { readonly fsync?: boolean } = {}): Promise<FsSide> {
  const store = await openStore(fs({ path: root, ...options }))
  return {
    write: (key, bytes) => store.write(key, bytes),
    read: async (key) => (await (await store.read(key)).bytes()).byteLength,
    stat: async (key) => (await store.stat(key)).size ?? 0,
    writeStream: (key, chunks) => store.write(key, chunks()),
    readStream: async (key) => lengthOf(await store.read(key)),
    async writeParts(key, bytes, chunks) {
      const { start, part, finish } = store.upload
      const token = await start(key, { size: bytes })
      const last = Math.ceil(bytes / token.partBytes)
      let next = 1
      const send = async (): Promise<void> => {
        for (let number = next++; number <= last; number = next++) {
          const size = Math.min(token.partBytes, bytes - (number - 1) * token.partBytes)
          await part(token, number, { size, open: () => chunks(size) })
        }
      }
      await Promise.all([send(), send(), send(), send()])
      return finish(token)
    },
    close: () => store.close(),
  }
}

function nodeSide(root: string): FsSide {
  const at = (key: string): string => `${root}/${key}`
  return {
    write: (key, bytes) => writeFile(at(key), bytes),
    read: async (key) => (await readFile(at(key))).byteLength,
    stat: async (key) => (await stat(at(key))).size,
    writeStream: (key, chunks) => pipeline(chunks, createWriteStream(at(key))),
    readStream: (key) => lengthOf(createReadStream(at(key))),
  }
}

/** node:fs with what Kit promises of a write: nobody sees a part of it. */
function renamingSide(root: string): FsSide {
  return {
    ...nodeSide(root),
    async write(key, bytes) {
      const path = `${root}/${key}`
      await writeFile(`${path}.tmp`, bytes)
      await rename(`${path}.tmp`, path)
    },
  }
}

function filesSdkSide(root: string): FsSide {
  const files = new Files({ adapter: filesSdkFs({ root }) })
  return {
    write: (key, bytes) => files.upload(key, bytes),
    read: async (key) => (await (await files.download(key)).arrayBuffer()).byteLength,
    stat: async (key) => (await files.head(key)).size,
    writeStream: (key, chunks) => files.upload(key, ReadableStream.from(chunks())),
    readStream: async (key) => lengthOf((await files.download(key, { as: 'stream' })).stream()),
  }
}

function opendalSide(root: string): FsSide {
  const operator = new Operator('fs', { root })
  return {
    write: (key, bytes) => operator.write(key, bytes),
    read: async (key) => (await operator.read(key)).byteLength,
    stat: async (key) => Number((await operator.stat(key)).contentLength),
    async writeStream(key, chunks) {
      const writer = await operator.writer(key)
      for await (const chunk of chunks()) await writer.write(Buffer.from(chunk.buffer))
      await writer.close()
    },
    // Faster than its Node stream. A buffer for each piece, as everywhere here: the consumer may keep it.
    async readStream(key) {
      const reader = await operator.reader(key)
      let length = 0
      for (;;) {
        const count = Number(await reader.read(Buffer.allocUnsafeSlow(1024 * 1024)))
        if (count === 0) return length
        length += count
      }
    },
  }
}

async function lengthOf(chunks: AsyncIterable<Uint8Array>): Promise<number> {
  let length = 0
  for await (const chunk of chunks) length += chunk.byteLength
  return length
}
