import { chmod, link, mkdir, symlink, writeFile } from 'node:fs/promises'
import { temporaryFolder } from '../servers/index.ts'
import type { TemporaryFolder } from '../servers/index.ts'
import type { Directories, Inode, InodeId } from './tree.ts'
import { rootId } from './tree.ts'

/** What a disk holds when the power comes back. */
export interface Surviving {
  readonly inodes: ReadonlyMap<InodeId, Inode>
  readonly directories: Directories
  readonly contents: ReadonlyMap<InodeId, Buffer>
}

/** Puts the files into a new folder. */
export async function materialise(surviving: Surviving): Promise<TemporaryFolder> {
  const folder = await temporaryFolder('crash')
  const written = new Map<InodeId, Buffer>()
  try {
    await fill(rootId, Buffer.from(folder.path))
    return folder
  } catch (error) {
    await folder.remove()
    throw error
  }

  async function fill(directory: InodeId, path: Buffer): Promise<void> {
    for (const [name, id] of surviving.directories.get(directory) ?? []) {
      await make(id, Buffer.concat([path, Buffer.from('/'), Buffer.from(name, 'latin1')]))
    }
  }

  async function make(id: InodeId, path: Buffer): Promise<void> {
    const inode = surviving.inodes.get(id)
    if (inode === undefined) throw new Error(`inode ${id} is in no list`)
    const other = written.get(id)
    if (inode.kind === 'directory') {
      await mkdir(path)
      await fill(id, path)
      await chmod(path, inode.mode)
    } else if (other !== undefined) await link(other, path)
    else if (inode.kind === 'symlink') await symlink(inode.target, path)
    else {
      await writeFile(path, surviving.contents.get(id) ?? '')
      await chmod(path, inode.mode)
    }
    if (other === undefined) written.set(id, path)
  }
}
