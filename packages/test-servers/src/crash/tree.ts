import { lstatSync, readFileSync, readdirSync, readlinkSync } from 'node:fs'

/** A number of our own: those of the filesystem are given out again. */
export type InodeId = number

/** The bytes of a name, one character each (latin1), so that names that are not UTF-8 stay apart. */
export type Name = string

export type Inode =
  | { readonly kind: 'file'; readonly mode: number }
  | { readonly kind: 'directory'; readonly mode: number }
  | { readonly kind: 'symlink'; readonly target: Buffer }

export const rootId: InodeId = 0

/** Which name stands for which inode, directory by directory. */
export type Directories = Map<InodeId, Map<Name, InodeId>>

export interface Tree {
  readonly inodes: Map<InodeId, Inode>
  readonly directories: Directories
  /** The content of the files at the start. */
  readonly contents: Map<InodeId, Buffer>
}

/** Reads a folder with all that is in it. Names of one file (hard links) get one inode. */
export function readTree(root: Buffer): Tree {
  const tree: Tree = { inodes: new Map(), directories: new Map(), contents: new Map() }
  const links = new Map<string, InodeId>()
  let last = rootId
  readDirectory(root, rootId)
  return tree

  function readDirectory(path: Buffer, id: InodeId): void {
    const entries = new Map<Name, InodeId>()
    tree.inodes.set(id, { kind: 'directory', mode: lstatSync(path).mode & 0o7777 })
    tree.directories.set(id, entries)
    for (const name of readdirSync(path, { encoding: 'buffer' })) {
      entries.set(name.toString('latin1'), readEntry(Buffer.concat([path, Buffer.from('/'), name])))
    }
  }

  function readEntry(path: Buffer): InodeId {
    const stats = lstatSync(path, { bigint: true })
    const known = links.get(`${stats.dev}:${stats.ino}`)
    if (known !== undefined) return known
    const id = ++last
    links.set(`${stats.dev}:${stats.ino}`, id)
    const mode = Number(stats.mode) & 0o7777
    if (stats.isDirectory()) readDirectory(path, id)
    else if (stats.isSymbolicLink())
      tree.inodes.set(id, { kind: 'symlink', target: readlinkSync(path, { encoding: 'buffer' }) })
    else if (stats.isFile()) {
      tree.inodes.set(id, { kind: 'file', mode })
      tree.contents.set(id, readFileSync(path))
    } else throw new Error(`${path.toString()} is neither file, directory nor symbolic link`)
    return id
  }
}

/** The inode behind names from the root down; undefined when one of them is not there. */
export function walk(directories: Directories, names: readonly Name[]): InodeId | undefined {
  let id: InodeId = rootId
  for (const name of names) {
    const next = directories.get(id)?.get(name)
    if (next === undefined) return undefined
    id = next
  }
  return id
}
