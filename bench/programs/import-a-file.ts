// Makes the DAG of a file and takes in a CAR of its blocks: `import-a-file.ts FILE`. Without arguments it only imports what that takes.
import { statSync } from 'node:fs'
import { importCar, importFile, writeCar } from '@kit/content'
import type { Bytes } from '@kit/core'
import { fileSource, fileState } from '@kit/core/node'

const [path] = process.argv.slice(2)
if (path !== undefined) await makeBoth(path)

async function makeBoth(path: string): Promise<void> {
  const { signal } = new AbortController()
  const nowhere = { put() {} }
  const stats = statSync(path)
  const streamed = await fileSource(path)
  const direct = { ...streamed, file: { path, state: fileState(stats), from: 0 } }
  const roots = new Set<string>()
  for (const source of [streamed, direct]) {
    roots.add((await importFile(source, nowhere, { profile: 'unixfs-v1-2025', signal })).cid)
  }
  if (roots.size !== 1) throw new Error('one file has two roots')
  const [root = ''] = roots
  async function* blocks(): AsyncGenerator<{ readonly cid: string; readonly bytes: Bytes }> {
    const stream = streamed.open(0)
    if (stream === null) throw new Error('the file cannot be read again')
    for await (const piece of stream) {
      yield {
        cid: (await importFile({ bytes: piece, open: () => null }, nowhere, { profile: 'unixfs-v1-2025', signal })).cid,
        bytes: piece,
      }
    }
  }
  await importCar({ open: () => writeCar({ roots: [root], blocks: blocks() }) }, nowhere, { signal })
}
