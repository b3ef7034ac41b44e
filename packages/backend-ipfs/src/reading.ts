import {
  resolveRange,
  storageError,
  throwIfAborted,
  type Bytes,
  type ByteStream,
  type Entry,
  type ReadResult,
} from '@kit/core'
import { contentOf, type ContentReader } from '@kit/content'
import type { KuboClient } from './kubo.ts'

/** What reads content by CID or `CID/path`, as `ContentReader` does. */
export type Reading = Pick<ContentReader, 'read' | 'stat' | 'list' | 'car'>

/** Every block is fetched and checked here: the daemon is believed in nothing. */
export function verifiedReading(client: KuboClient): Reading {
  return contentOf({ get: (cid, call) => client.block.get(cid, call) })
}

/** Bytes and entries as the daemon gives them. CARs are made of checked blocks all the same. */
export function trustingReading(client: KuboClient): Reading {
  const { list, car } = verifiedReading(client)
  const stat = async (path: string, { signal }: { readonly signal: AbortSignal }): Promise<Entry> => {
    const { cid, kind, size, mode, modified } = await client.files.stat(`/ipfs/${path}`, { signal })
    const entry: Entry = { kind, key: path, cid, etag: `"${cid}"`, mode, modified }
    return kind === 'file' ? { ...entry, size } : entry
  }
  return {
    stat,
    list,
    car,
    async read(path, { signal, range }): Promise<ReadResult> {
      const entry = await stat(path, { signal })
      if (entry.kind === 'directory') throw storageError('IsDirectory', 'it is a directory', { key: path })
      const { from, to } = resolveRange(range, entry.size ?? 0)
      const body: Bytes | ByteStream =
        from === to
          ? new Uint8Array()
          : exactly(await client.cat(path, { signal, offset: from, length: to - from }), to - from, signal)
      return { entry, from, body }
    },
  }
}

/** The stream; one that ends early fails, however it ended. */
async function* exactly(stream: ByteStream, bytes: number, signal: AbortSignal): AsyncGenerator<Bytes> {
  let came = 0
  for await (const chunk of stream) {
    throwIfAborted(signal)
    came += chunk.byteLength
    yield chunk
  }
  if (came !== bytes) throw storageError('Corrupt', `the daemon gave ${came} bytes instead of ${bytes}`)
}
