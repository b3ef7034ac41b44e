/**
 * An upload in parts on disk: `.kit/uploads/ID/`, with `start` (what it was begun with), `body` (every part at its place), `part-N` for each
 * part that is there, and the locks of those who are at work on it. `docs/formats/fs-folder.md` has the whole of it.
 *
 * Without `start` or `body`, or with a `body` that has another name too, it has ended, and whoever comes by removes the rest.
 */
import { storageError, type UploadToken } from '@kit/core'
import { currentBoot } from '@kit/core/node'
import { readFully } from './bytes.ts'
import { reserved, type Folder, type Folders } from './folders.ts'
import {
  closeNow,
  fstat,
  lstat,
  openFile,
  openFlags,
  randomId,
  readlink,
  readNames,
  type FileLayer,
  type Stats,
} from './fs-client.ts'
import { errnoOf } from './fs-errors.ts'
import { ensureDurable, makeFolder, syncFolder } from './making.ts'
import { writeAll } from './pour.ts'
import type { Site } from './site.ts'
import { removeTree } from './temporaries.ts'
import { isExpired, parseRecord, recordText, type UploadRecord } from './upload-record.ts'

const home = `${reserved}/uploads`
const idForm = /^[0-9a-f]{32}$/
const partForm = /^part-([1-9]\d{0,5})$/
/** Length, and, where the bytes may be in memory only, the run of the system that has them there. */
const lengthForm = /^(\d{1,15})(?:-([0-9a-f]+))?$/

/** An upload in progress, its folder held. */
export interface Found {
  readonly id: string
  readonly record: UploadRecord
  readonly folder: Folder
}

/** Made whole under another name first: what has an ID is complete. */
export async function makeUpload(site: Site, record: UploadRecord): Promise<string> {
  const { files, folders, temporaries, fsync } = site
  const id = randomId()
  const made = await temporaries.named((path) => files.mkdir(path))
  try {
    const inside = await folders.visit(made.key)
    try {
      await makeFile(site, inside, 'start', Buffer.from(recordText(record)))
      await makeFile(site, inside, 'body', Buffer.alloc(0))
      if (fsync) await syncFolder(files, inside)
    } finally {
      folders.release(inside)
    }
    for (let tries = 0; ; tries++) {
      const uploads = await makeFolder(folders, files, home)
      try {
        if (fsync) await ensureDurable(site, uploads)
        await files.rename(made.path, uploads.at(id))
        if (fsync) await syncFolder(files, uploads)
        return id
      } catch (error) {
        // The last store to close took the empty directory away.
        if (errnoOf(error) !== 'ENOENT' || tries === 3) throw error
      } finally {
        folders.release(uploads)
      }
    }
  } catch (error) {
    await removeTwice(folders, files, made.key)
    await removeTwice(folders, files, `${home}/${id}`)
    throw error
  } finally {
    temporaries.gone(made)
  }
}

async function makeFile({ files, fsync }: Site, folder: Folder, name: string, bytes: Buffer): Promise<void> {
  const fd = await files.open(folder.at(name), openFlags.create, 0o666)
  try {
    await writeAll(files, fd, bytes, 0)
    if (fsync) await files.sync(fd)
  } finally {
    await files.close(fd)
  }
}

/** Works on the upload that a token names. A token may come from anywhere: only an ID in its one form becomes part of a path. */
export async function inUpload<Result>(
  { folders }: Site,
  { key, partBytes, state }: UploadToken,
  work: (upload: Found) => Promise<Result>,
): Promise<Result> {
  if (typeof state !== 'string' || !idForm.test(state)) throw noUpload()
  const folder = await openUpload(folders, state)
  if (folder === undefined) throw noUpload()
  try {
    const record = await readRecord(folder)
    if (record === 'newer')
      throw storageError('Unsupported', 'the upload was begun by a newer Kit, whose format this one does not know')
    if (record === undefined || record.key !== key || record.partBytes !== partBytes) throw noUpload()
    if (isExpired(record)) throw noUpload(`it expired on ${record.expires}`)
    return await work({ id: state, record, folder })
  } finally {
    folders.release(folder)
  }
}

export function noUpload(why = 'it was finished or aborted, or never begun here'): Error {
  return storageError('NotFound', `there is no such upload: ${why}`)
}

async function openUpload(folders: Folders, id: string): Promise<Folder | undefined> {
  const key = `${home}/${id}`
  try {
    return folders.held(key) ?? (await folders.open(key))
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
}

async function readRecord(folder: Folder): Promise<ReturnType<typeof parseRecord>> {
  let fd: number
  try {
    fd = await openFile(folder.at('start'), openFlags.read)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
  try {
    const bytes = Buffer.alloc((await fstat(fd)).size)
    await readFully(fd, bytes, 0)
    return parseRecord(bytes.toString())
  } finally {
    closeNow(fd)
  }
}

/** The file of the parts, for changing, and what is known of it. @throws NotFound where the upload has ended */
export async function openBody({ files }: Site, { folder }: Found): Promise<{ fd: number; stats: Stats }> {
  let fd: number
  try {
    fd = await files.open(folder.at('body'), openFlags.change)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') throw noUpload()
    throw error
  }
  const stats = await fstat(fd)
  if (stats.nlink === 1) return { fd, stats }
  // It is the object's file too: whoever finished the upload was stopped before it was removed.
  await files.close(fd)
  throw noUpload()
}

/** Whether it is still in progress, as seen by whoever has worked on it. */
export async function isThere({ folder }: Found): Promise<boolean> {
  return lstat(folder.at('start')).then(
    () => true,
    () => false,
  )
}

/** Says that a part is all there. What is not synced counts only in this run of the system. */
export async function markPart(
  { files, fsync }: Site,
  upload: Found,
  number: number,
  fd: number,
  size: number,
): Promise<void> {
  const boot = fsync ? undefined : currentBoot()
  if (boot === undefined) await files.sync(fd)
  await files.symlink(boot === undefined ? `${size}` : `${size}-${boot}`, upload.folder.at(`part-${number}`))
  if (fsync) await syncFolder(files, upload.folder)
}

/** Before a part is written again. The disk learns of it first, or a power cut might leave half a part that counts. */
export async function unmarkPart({ files }: Site, { folder }: Found, number: number): Promise<void> {
  try {
    await files.unlink(folder.at(`part-${number}`))
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return
    throw error
  }
  await syncFolder(files, folder)
}

/** By number. */
export async function partsOf({ folder }: Found): Promise<{ readonly number: number; readonly size: number }[]> {
  const parts: { number: number; size: number }[] = []
  for (const name of await readNames(folder.path)) {
    const number = partForm.exec(name)?.[1]
    if (number === undefined) continue
    const target = await readlink(folder.at(name)).catch(() => undefined)
    const [, size, boot] = lengthForm.exec(target?.toString() ?? '') ?? []
    if (size === undefined || (boot !== undefined && boot !== currentBoot())) continue
    parts.push({ number: Number(number), size: Number(size) })
  }
  return parts.toSorted((a, b) => a.number - b.number)
}

/** Removes an upload, or what is left of it. From the first step on it is none. */
export async function removeUpload({ folders, files }: Pick<Site, 'folders' | 'files'>, id: string): Promise<void> {
  const folder = await openUpload(folders, id)
  if (folder === undefined) return
  try {
    const unlinkStart = (): Promise<void> =>
      files.unlink(folder.at('start')).catch((error: unknown) => {
        if (errnoOf(error) !== 'ENOENT') throw error
      })
    await unlinkStart().catch(unlinkStart)
  } finally {
    folders.release(folder)
  }
  await removeTwice(folders, files, `${home}/${id}`)
}

/** Others may be removing it too, or putting something there: what stays then is swept later. */
async function removeTwice(folders: Folders, files: FileLayer, key: string): Promise<void> {
  await removeTree(folders, files, key).catch(() => undefined)
  await removeTree(folders, files, key).catch(() => undefined)
}

/** Uploads that have not ended. Those that have, or have expired, are told to `ended`. */
export async function* liveUploads(
  folders: Folders,
  ended: (id: string) => Promise<void>,
): AsyncGenerator<{ readonly id: string; readonly record: UploadRecord }> {
  for (const id of await uploadIds(folders)) {
    if (!idForm.test(id)) continue
    const folder = await openUpload(folders, id)
    if (folder === undefined) continue
    let record: Awaited<ReturnType<typeof readRecord>>
    let bodies = 0
    try {
      record = await readRecord(folder)
      bodies = await lstat(folder.at('body')).then(
        ({ nlink }) => nlink,
        (error: unknown) => {
          if (errnoOf(error) === 'ENOENT') return 0
          throw error
        },
      )
    } finally {
      folders.release(folder)
    }
    if (record === 'newer') continue
    if (record === undefined || bodies !== 1 || isExpired(record)) await ended(id)
    else yield { id, record }
  }
}

async function uploadIds(folders: Folders): Promise<string[]> {
  try {
    const folder = await folders.open(home)
    try {
      return await readNames(folder.path)
    } finally {
      folders.release(folder)
    }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw error
  }
}

export async function sweepUploads(folders: Folders, files: FileLayer): Promise<void> {
  for await (const _ of liveUploads(folders, (id) => removeUpload({ folders, files }, id)));
}
