import { open } from 'node:fs/promises'
import { type Bytes, type LocalFile, storageError } from '@kit/core'
import { fileState } from '@kit/core/node'

export interface OpenLocalFile extends AsyncDisposable {
  /** Fills `target` from offset `from` with `length` bytes of the file. @throws Conflict where it has fewer by now */
  read(target: Bytes, from: number, length: number, position: number): Promise<void>
  /** @throws Conflict */
  checkUnchanged(): Promise<void>
}

/** Opens the file behind a body; nothing where it cannot be opened, or is another by now: the stream beside it then says what is the matter. */
export async function openLocalFile(file: LocalFile, size: number): Promise<OpenLocalFile | undefined> {
  const handle = await open(file.path, 'r').catch(() => undefined)
  if (handle === undefined) return undefined
  const stats = await handle.stat().catch(() => undefined)
  if (stats === undefined || fileState(stats) !== file.state || stats.size < file.from + size) {
    await handle.close()
    return undefined
  }
  const changed = (): Error => storageError('Conflict', 'the file changed while it was read', { key: file.path })
  return {
    async read(target, from, length, position) {
      for (let done = 0; done < length;) {
        const { bytesRead } = await handle.read(target, from + done, length - done, position + done)
        if (bytesRead === 0) throw changed()
        done += bytesRead
      }
    },
    async checkUnchanged() {
      if (fileState(await handle.stat()) !== file.state) throw changed()
    },
    // Waits for reads that are under way: nobody else gets their descriptor.
    [Symbol.asyncDispose]: () => handle.close(),
  }
}
