import { constants, fstat, realpathSync } from 'node:fs'
import { readFile, realpath, stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { crashStates } from './crash-states.ts'
import type { CrashState, StatesOptions } from './crash-states.ts'
import { nodeFiles } from './file-layer.ts'
import type { FileLayer, FilePath } from './file-layer.ts'
import { applyName } from './log.ts'
import type { LogEntry, Place } from './log.ts'
import { readTree, walk } from './tree.ts'
import type { Inode, InodeId } from './tree.ts'

export interface Recorder {
  /** Works on the real files, one operation after the other, and logs what succeeds below the root. */
  readonly files: FileLayer
  /** Puts a label into the log. What was promised by now must be there in every state that has passed it. */
  mark(label: string): void
  /** How many entries the log has: operations, syncs and marks. */
  readonly length: number
  /** States that the folder may be in after a power cut at some point of the log as it is now. */
  states(options: StatesOptions): AsyncIterable<CrashState>
}

const statFd = promisify(fstat)
const slash = '/'.charCodeAt(0)

/**
 * Records what is done to the files of a folder through a file layer. What is there at the start counts as durable.
 * Everything that changes the folder has to go through the layer; what does not is found out and thrown.
 */
export function recordFiles(root: string): Recorder {
  const rootPath = Buffer.from(realpathSync.native(root))
  const start = readTree(rootPath)
  const inodes = new Map<InodeId, Inode>(start.inodes)
  // The names as they are now, moved on by each operation.
  const live = structuredClone(start.directories)
  const log: LogEntry[] = []
  const open = new Map<number, { readonly inode: InodeId; readonly append: boolean }>()
  const sizes = new Map<InodeId, number>([...start.contents].map(([id, content]) => [id, content.length]))

  let last: Promise<unknown> = Promise.resolve()
  function oneByOne<T>(work: () => Promise<T>): Promise<T> {
    const result = last.then(work)
    last = result.catch(() => {})
    return result
  }

  function put(entry: LogEntry): void {
    log.push(entry)
    if (entry.type === 'add' || entry.type === 'remove' || entry.type === 'rename') applyName(live, entry)
    else if (entry.type === 'truncate') sizes.set(entry.inode, entry.size)
    else if (entry.type === 'write') {
      const end = entry.position + entry.bytes.length
      sizes.set(entry.inode, Math.max(sizes.get(entry.inode) ?? 0, end))
    }
  }

  /** The names from the root to a true path; undefined when it lies outside. */
  function namesBelow(path: Buffer): string[] | undefined {
    if (path.equals(rootPath)) return []
    const inside = path.length > rootPath.length && path.subarray(0, rootPath.length).equals(rootPath)
    if (!inside || path[rootPath.length] !== slash) return undefined
    return path
      .subarray(rootPath.length + 1)
      .toString('latin1')
      .split('/')
  }

  /** The true directory and the name of a path; undefined outside the root or where there is no such directory. */
  async function locate(path: FilePath): Promise<Place | undefined> {
    let bytes = Buffer.from(path)
    while (bytes.length > 1 && bytes.at(-1) === slash) bytes = bytes.subarray(0, -1)
    const cut = bytes.lastIndexOf(slash)
    const parent = cut > 0 ? bytes.subarray(0, cut) : Buffer.from(cut === 0 ? '/' : '.')
    const real = await realpath(parent, 'buffer').catch(() => undefined)
    const names = real === undefined ? undefined : namesBelow(real)
    if (names === undefined) return undefined
    const directory = known(walk(live, names), path)
    return { directory, name: bytes.subarray(cut + 1).toString('latin1') }
  }

  function at(place: Place): InodeId | undefined {
    return live.get(place.directory)?.get(place.name)
  }

  function create(place: Place, inode: Inode): InodeId {
    const id = inodes.size
    inodes.set(id, inode)
    if (inode.kind === 'directory') live.set(id, new Map())
    put({ type: 'add', what: 'create', at: place, inode: id })
    return id
  }

  async function inodeOf(fd: number): Promise<InodeId | undefined> {
    const entry = open.get(fd)
    if (entry !== undefined) return entry.inode
    const real = await realpath(`/proc/self/fd/${fd}`, 'buffer').catch(() => undefined)
    const names = real === undefined ? undefined : namesBelow(real)
    return names === undefined ? undefined : known(walk(live, names), fd)
  }

  async function recordOpen(path: FilePath, flags: number, fd: number): Promise<void> {
    // Through symbolic links, as the system went.
    const real = await realpath(path, 'buffer')
    const names = namesBelow(real)
    if (names === undefined) return
    const stats = await statFd(fd)
    let inode = walk(live, names)
    if (inode === undefined) {
      const place = (flags & constants.O_CREAT) === 0 ? undefined : await locate(real)
      if (place === undefined) throw new Error(`${path.toString()} was changed behind the recorder`)
      inode = create(place, { kind: 'file', mode: stats.mode & 0o7777 })
    } else if (stats.isDirectory() !== (inodes.get(inode)?.kind === 'directory')) {
      throw new Error('files without a name (O_TMPFILE) are not recorded')
    }
    if ((flags & constants.O_TRUNC) !== 0 && (sizes.get(inode) ?? 0) > 0) put({ type: 'truncate', inode, size: 0 })
    open.set(fd, { inode, append: (flags & constants.O_APPEND) !== 0 })
  }

  const files: FileLayer = {
    open: (path, flags, mode) =>
      oneByOne(async () => {
        const fd = await nodeFiles.open(path, flags, mode)
        try {
          await recordOpen(path, flags, fd)
          return fd
        } catch (error) {
          await nodeFiles.close(fd)
          throw error
        }
      }),
    write: (fd, bytes, position) =>
      oneByOne(async () => {
        const copy = Buffer.from(bytes)
        const written = await nodeFiles.write(fd, copy, position)
        const inode = await inodeOf(fd)
        if (inode === undefined || written === 0) return written
        const offset = open.get(fd)?.append === true ? (sizes.get(inode) ?? 0) : position
        put({ type: 'write', inode, position: offset, bytes: copy.subarray(0, written) })
        return written
      }),
    truncate: (fd, size) =>
      oneByOne(async () => {
        await nodeFiles.truncate(fd, size)
        const inode = await inodeOf(fd)
        if (inode !== undefined) put({ type: 'truncate', inode, size })
      }),
    sync: (fd) =>
      oneByOne(async () => {
        await nodeFiles.sync(fd)
        const inode = await inodeOf(fd)
        if (inode !== undefined) put({ type: 'sync', inode })
      }),
    close: (fd) =>
      oneByOne(async () => {
        open.delete(fd)
        await nodeFiles.close(fd)
      }),
    rename: (from, to) =>
      oneByOne(async () => {
        const [source, target] = [await locate(from), await locate(to)]
        if ((source === undefined) !== (target === undefined)) throw outside(from, to)
        await nodeFiles.rename(from, to)
        if (source === undefined || target === undefined) return
        // Two names of one file: the system does nothing.
        if (known(at(source), from) !== at(target)) put({ type: 'rename', from: source, to: target })
      }),
    link: (from, to) =>
      oneByOne(async () => {
        const [source, target] = [await locate(from), await locate(to)]
        if ((source === undefined) !== (target === undefined)) throw outside(from, to)
        await nodeFiles.link(from, to)
        if (source === undefined || target === undefined) return
        put({ type: 'add', what: 'link', at: target, inode: known(at(source), from) })
      }),
    unlink: (path) => remove(path, () => nodeFiles.unlink(path)),
    rmdir: (path) => remove(path, () => nodeFiles.rmdir(path)),
    symlink: (target, path) =>
      oneByOne(async () => {
        await nodeFiles.symlink(target, path)
        const place = await locate(path)
        if (place !== undefined) create(place, { kind: 'symlink', target: Buffer.from(target) })
      }),
    mkdir: (path, mode) =>
      oneByOne(async () => {
        await nodeFiles.mkdir(path, mode)
        const place = await locate(path)
        if (place === undefined) return
        create(place, { kind: 'directory', mode: (await stat(path)).mode & 0o7777 })
      }),
    copy: (from, to) =>
      oneByOne(async () => {
        await nodeFiles.copy(from, to)
        const place = await locate(to)
        if (place === undefined) return
        const inode = create(place, { kind: 'file', mode: (await stat(to)).mode & 0o7777 })
        const bytes = await readFile(to)
        if (bytes.length > 0) put({ type: 'write', inode, position: 0, bytes })
      }),
  }

  function remove(path: FilePath, work: () => Promise<void>): Promise<void> {
    return oneByOne(async () => {
      const place = await locate(path)
      await work()
      if (place === undefined) return
      known(at(place), path)
      put({ type: 'remove', at: place })
    })
  }

  return {
    files,
    mark(label) {
      log.push({ type: 'mark', label })
    },
    get length() {
      return log.length
    },
    states: (options) => crashStates({ start, inodes: new Map(inodes), log: [...log] }, options),
  }
}

function known(inode: InodeId | undefined, path: FilePath | number): InodeId {
  if (inode === undefined) throw new Error(`${path.toString()} was changed behind the recorder`)
  return inode
}

function outside(from: FilePath, to: FilePath): Error {
  return new Error(`${from.toString()} and ${to.toString()} lie on two sides of the recorded folder`)
}
