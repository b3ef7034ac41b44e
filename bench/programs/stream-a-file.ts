// Writes a file of so many bytes through Kit and reads it: `stream-a-file.ts FOLDER BYTES`. Without arguments it only imports what that takes.
import { fs } from '@kit/backend-fs'
import { openStore } from '@kit/core'

const [folder, bytes] = process.argv.slice(2)
if (folder !== undefined) await writeAndRead(folder, Number(bytes))

async function writeAndRead(path: string, size: number): Promise<void> {
  await using store = await openStore(fs({ path }))
  await store.write('big', chunks(size))
  let length = 0
  for await (const chunk of await store.read('big')) length += chunk.byteLength
  if (length !== size) throw new Error(`read ${length} of ${size} bytes`)
}

/** Each one new, as from a network. */
async function* chunks(size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < size; at += 2 ** 20) yield new Uint8Array(2 ** 20).fill(at)
}
