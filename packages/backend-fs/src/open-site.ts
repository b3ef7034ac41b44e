import { nameFromBytes, storageError } from '@kit/core'
import { makeFolders } from '@kit/core/node'
import { checkedFolders } from './checked-folders.ts'
import {
  closeNow,
  descriptorFolder,
  fstat,
  fstatNow,
  isLocalFilesystem,
  localFiles,
  lstat,
  nodeFiles,
  openFile,
  pathFlags,
  randomToken,
  readlinkNow,
  realpath,
  statFilesystem,
  type FileLayer,
} from './fs-client.ts'
import { kindOf } from './entry.ts'
import { reserved, type Folders } from './folders.ts'
import { errnoOf } from './fs-errors.ts'
import { createLocks } from './locks.ts'
import { openFolders } from './open-folders.ts'
import { createPace } from './pace.ts'
import { createQueue } from './queue.ts'
import type { Site } from './site.ts'
import { createTemporaries } from './temporaries.ts'
import { sweepUploads } from './upload-folder.ts'
import { usualPartBytes } from './upload-record.ts'

export interface SiteOptions {
  /** Absolute. */
  readonly path: string
  readonly create: boolean
  readonly fsync: boolean
  /** Of uploads of unknown size; for tests. */
  readonly partBytes?: number | undefined
  /** Instead of those of `node:fs`, for tests. */
  readonly files?: FileLayer | undefined
  /** `path`: as on systems that do not show where a descriptor points. For tests. */
  readonly folders?: 'path' | undefined
}

/** The first thing that touches the disk. */
export async function openSite(options: SiteOptions): Promise<Site> {
  const { path, create, fsync } = options
  if (create) await makeFolders(path)
  const root = nameFromBytes(await trueRoot(path))
  if (!root.isWellFormed()) throw storageError('InvalidConfig', `the path of the root is not UTF-8: ${path}`)
  if (kindOf(await lstat(root)) !== 'directory') {
    throw storageError('InvalidConfig', `the root of the store, ${path}, is no directory`)
  }
  const local = isLocalFilesystem((await statFilesystem(root)).type)
  const files = options.files ?? (local ? localFiles : nodeFiles)
  const { folders, byPath } = await foldersOf(root, options)
  const token = randomToken()
  // Each needs the other: what breaks a lock is prepared as a temporary, and the first temporary sweeps locks.
  const lockSetting = { root, folders, files, local, token, temporaries: () => temporaries }
  const locks = createLocks({ ...lockSetting, home: `${reserved}/locks`, makes: true })
  const temporaries = createTemporaries(folders, files, token, async () => {
    await locks.sweep().catch(() => undefined)
    await sweepUploads(folders, files)
  })
  let claims = 0
  return {
    root,
    files,
    folders,
    temporaries,
    locks,
    // A token of its own for each: what another holds in this process is not to be taken for a stray.
    claimsIn: (home) => createLocks({ ...lockSetting, token: `${token}n${++claims}`, home, makes: false }),
    partBytes: options.partBytes ?? usualPartBytes,
    queue: createQueue(),
    fsync,
    local,
    byPath,
    fstat: local ? fstatNow : fstat,
    pace: createPace(0.2),
    workPace: createPace(2),
    durable: new WeakSet(),
    living: new Set(),
  }
}

async function trueRoot(path: string): Promise<Buffer> {
  try {
    return await realpath(path)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
    throw storageError('NotFound', `the root of the store, ${path}, does not exist, and \`create\` is false`, {
      cause: error,
    })
  }
}

async function foldersOf(root: string, options: SiteOptions): Promise<{ folders: Folders; byPath: boolean }> {
  const descriptors = options.folders === 'path' ? undefined : descriptorFolder()
  if (descriptors === undefined) return { folders: checkedFolders(root), byPath: false }
  const fd = await openFile(root, pathFlags.directory)
  const shown = Buffer.from(readlinkNow(`${descriptors}/${fd}`), 'latin1').toString()
  if (shown === root) return { folders: openFolders(root, fd, descriptors), byPath: true }
  closeNow(fd)
  return { folders: checkedFolders(root), byPath: false }
}
