import { storageError } from '@kit/core'
import { kuboError } from '../ipfs-errors.ts'
import { fieldsOf, isSymlink, posixMode, type Rpc } from '../rpc/index.ts'
import type { KuboCall } from './call.ts'

export interface FilesStat {
  readonly cid: string
  readonly kind: 'file' | 'directory' | 'link'
  /** Bytes of a file. */
  readonly size: number
  /** Bytes of the DAG. */
  readonly dagSize: number
  readonly mode?: number | undefined
  readonly modified?: Date | undefined
}

/**
 * The daemon's own tree of files (MFS). Paths begin with "/". Kubo can lose changes of several clients that work in one tree at once: a store
 * makes them one after the other. Writing in place is not offered (a broken upload would leave a part: add, then `cp`), nor are chmod
 * and touch (before 0.41 they drop the content).
 */
export interface FilesCalls {
  stat(path: string, options?: KuboCall): Promise<FilesStat>
  /** Puts `/ipfs/CID`, or what is at another path, at a path; parents are made. Something there is AlreadyExists, or replaced where it is a file. */
  cp(from: string, to: string, options?: KuboCall & { readonly replace?: boolean | undefined }): Promise<void>
  /** Moves; into `to` where that is a directory. */
  mv(from: string, to: string, options?: KuboCall): Promise<void>
  /** Removes a file; a directory with all that is in it only where `recursive`. */
  rm(path: string, options?: KuboCall & { readonly recursive?: boolean | undefined }): Promise<void>
  /** Makes a directory and its parents. One that is there is success. */
  mkdir(path: string, options?: KuboCall): Promise<void>
  /** Names of what is in a directory. */
  ls(path: string, options?: KuboCall): Promise<readonly string[]>
  /** Makes sure that changes below the path are in the repository, and tells its CID. */
  flush(path?: string, options?: KuboCall): Promise<string>
}

export function filesCalls(rpc: Rpc): FilesCalls {
  return {
    async stat(path, { signal } = {}) {
      const fields = fieldsOf(await rpc.json('files/stat', { args: [path], signal }), 'files/stat')
      // In octal digits.
      const mode = Number.parseInt(fields.maybeText('Mode') ?? '0', 8)
      const seconds = fields.maybeNumber('Mtime')
      const nanoseconds = fields.maybeNumber('MtimeNsecs') ?? 0
      return {
        cid: fields.text('Hash'),
        kind: fields.text('Type') === 'directory' ? 'directory' : isSymlink(mode) ? 'link' : 'file',
        size: fields.number('Size'),
        dagSize: fields.number('CumulativeSize'),
        mode: posixMode(mode),
        modified: seconds === undefined ? undefined : new Date(seconds * 1000 + nanoseconds / 1e6),
      }
    },
    cp: (from, to, { signal, replace } = {}) =>
      rpc.tell('files/cp', { args: [from, to], options: { parents: true, force: replace }, signal, changes: true }),
    mv: (from, to, { signal } = {}) => rpc.tell('files/mv', { args: [from, to], signal, changes: true }),
    async rm(path, { signal, recursive } = {}) {
      // A refusal is a line of text in an answer that begins, and may end, as a success.
      const said: unknown[] = []
      const refused = (): string | undefined => said.find((line): line is string => typeof line === 'string')
      try {
        for await (const line of rpc.lines('files/rm', {
          args: [path],
          options: { recursive },
          signal,
          changes: true,
        })) {
          said.push(line)
        }
      } catch (error) {
        const text = refused()
        throw text === undefined ? error : kuboError(text, { changes: true })
      }
      const text = refused()
      if (text !== undefined) throw kuboError(text, { changes: true })
    },
    mkdir: (path, { signal } = {}) =>
      rpc.tell('files/mkdir', { args: [path], options: { parents: true }, signal, changes: true }),
    async ls(path, { signal } = {}) {
      const fields = fieldsOf(await rpc.json('files/ls', { args: [path], signal }), 'files/ls')
      return fields.list('Entries').map((entry) => fieldsOf(entry, 'files/ls').text('Name'))
    },
    async flush(path = '/', { signal } = {}) {
      const fields = fieldsOf(await rpc.json('files/flush', { args: [path], signal, changes: true }), 'files/flush')
      const cid = fields.maybeText('Cid')
      if (cid === undefined) throw storageError('Corrupt', 'Kubo told no CID of what it flushed')
      return cid
    },
  }
}
