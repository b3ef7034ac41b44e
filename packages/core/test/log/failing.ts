import fs from 'node:fs'
import { nodeFiles, type LogFiles } from '../../src/log/files.ts'

export interface FailingFiles {
  readonly files: LogFiles
  count(): number
  failed(): string | undefined
}

/** The real files, of which the operations that are asked for fail with an error of the system; a write after half of it. */
export function failingFiles(fails: (count: number, name: string) => string | undefined): FailingFiles {
  let count = 0
  let failed: string | undefined
  function error(name: string): Error | undefined {
    const code = fails(++count, name)
    if (code === undefined) return undefined
    failed = name
    return Object.assign(new Error(`${code}: made up`), { code })
  }
  async function through<Result>(
    name: string,
    work: () => Promise<Result>,
    half?: () => Promise<unknown>,
  ): Promise<Result> {
    const wrong = error(name)
    if (wrong === undefined) return work()
    await half?.()
    throw wrong
  }
  const files: LogFiles = {
    open: (...given) => through('open', () => nodeFiles.open(...given)),
    write: (fd, bytes, position) =>
      through(
        'write',
        () => nodeFiles.write(fd, bytes, position),
        () => nodeFiles.write(fd, bytes.subarray(0, bytes.length / 2), position),
      ),
    writeNow(fd, bytes, position) {
      const wrong = error('write')
      if (wrong === undefined) return fs.writeSync(fd, bytes, 0, bytes.byteLength, position)
      fs.writeSync(fd, bytes, 0, bytes.byteLength >> 1, position)
      throw wrong
    },
    truncate: (...given) => through('truncate', () => nodeFiles.truncate(...given)),
    sync: (...given) => through('sync', () => nodeFiles.sync(...given)),
    // A descriptor is gone also where closing it fails.
    close: (fd) =>
      through(
        'close',
        () => nodeFiles.close(fd),
        () => nodeFiles.close(fd),
      ),
    rename: (...given) => through('rename', () => nodeFiles.rename(...given)),
    unlink: (...given) => through('unlink', () => nodeFiles.unlink(...given)),
    mkdir: (...given) => through('mkdir', () => nodeFiles.mkdir(...given)),
  }
  return { files, count: () => count, failed: () => failed }
}
