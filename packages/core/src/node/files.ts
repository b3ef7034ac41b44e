import { createReadStream } from 'node:fs'
import { mkdtemp, open, rm, stat, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Bytes, Entry, Source } from '../backend/index.ts'
import { fromErrno, storageError } from '../errors/index.ts'
import type { Run, Spill } from '../store/index.ts'
import { fileState } from './file-state.ts'

const chunkBytes = 1 << 20

async function fileVersion(path: string): Promise<{ readonly size: number; readonly version: string }> {
  try {
    const { ino, size, mtimeNs } = await stat(path, { bigint: true })
    return { size: Number(size), version: `${ino}-${size}-${mtimeNs}` }
  } catch (error) {
    throw fromErrno(error, { operation: 'open', key: path })
  }
}

/**
 * A file as a body that can be sent again from any offset while the file stays as it is.
 * A file that changed in between fails with Conflict.
 */
export async function fileSource(path: string): Promise<Source> {
  const { size, version } = await fileVersion(path)
  const state = fileState(await stat(path))
  async function* read(from: number): AsyncGenerator<Bytes> {
    let handle: FileHandle | undefined
    try {
      handle = await open(path, 'r')
      const now = await fileVersion(path)
      if (now.version !== version) throw storageError('Conflict', `the file ${path} changed while it was read`)
      for (let at = from; at < size;) {
        const buffer = new Uint8Array(Math.min(chunkBytes, size - at))
        const { bytesRead } = await handle.read(buffer, 0, buffer.byteLength, at)
        if (bytesRead === 0) throw storageError('Conflict', `the file ${path} became shorter while it was read`)
        at += bytesRead
        yield buffer.subarray(0, bytesRead)
      }
    } finally {
      await handle?.close()
    }
  }
  return { size, version, file: { path: resolve(path), state, from: 0 }, open: (from) => read(from) }
}

/** Puts sorted runs of a large listing into temporary files, one entry a line; they go when the listing ends. */
export function temporaryFiles(folder: string = tmpdir()): Spill {
  return {
    async write(entries) {
      const place = await mkdtemp(join(folder, 'kit-sort-'))
      const path = join(place, 'run.ndjson')
      const handle = await open(path, 'wx', 0o600)
      try {
        for (let at = 0; at < entries.length; at += 1000) {
          await handle.appendFile(
            `${entries
              .slice(at, at + 1000)
              .map((entry) => JSON.stringify(entry))
              .join('\n')}\n`,
          )
        }
      } finally {
        await handle.close()
      }
      return {
        read: () => readRun(path),
        [Symbol.asyncDispose]: () => rm(place, { recursive: true, force: true }),
      } satisfies Run
    },
  }
}

async function* readRun(path: string): AsyncGenerator<Entry> {
  const input = createReadStream(path)
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by `write` above
      const entry = JSON.parse(line) as Entry & { readonly modified?: string }
      yield entry.modified === undefined ? entry : { ...entry, modified: new Date(entry.modified) }
    }
  } finally {
    input.destroy()
  }
}
