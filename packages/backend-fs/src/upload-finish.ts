import { isStorageError, storageError, type Context, type Entry } from '@kit/core'
import { entryOf } from './entry.ts'
import { changeModeOf } from './fs-client.ts'
import type { Site } from './site.ts'
import { openBody, partsOf, removeUpload, type Found } from './upload-folder.ts'
import { publish } from './write.ts'

/** By the rules of a write, under the conditions given at the start. After a failure the upload is still there. */
export async function finishUpload(site: Site, context: Context, upload: Found): Promise<Entry> {
  const { record, folder, id } = upload
  const size = joinedSize(upload, await partsOf(upload))
  const { fd, stats } = await openBody(site, upload)
  try {
    if (stats.size < size)
      throw storageError('Corrupt', `of ${size} bytes ${stats.size} are there; abort it and begin again`)
    if (stats.size > size) await site.files.truncate(fd, size)
    const { mode } = record.options
    if (mode !== undefined) await changeModeOf(fd, mode)
    try {
      const published = await publish(site, context, record.key, { path: folder.at('body') }, fd, record.options)
      await removeUpload(site, id).catch(() => undefined)
      return entryOf(record.key, published)
    } catch (error) {
      if (isStorageError(error) && error.applied === 'maybe') await removeUpload(site, id).catch(() => undefined)
      else if (mode !== undefined) await changeModeOf(fd, stats.mode & 0o7777).catch(() => undefined)
      throw error
    }
  } finally {
    await site.files.close(fd).catch(() => undefined)
  }
}

/** @throws InvalidRange, Corrupt */
function joinedSize({ record }: Found, parts: readonly { readonly number: number; readonly size: number }[]): number {
  const { partBytes, options } = record
  for (const [index, { number, size }] of parts.entries()) {
    if (number !== index + 1) throw storageError('InvalidRange', `part ${index + 1} is missing`)
    if (size !== partBytes && number < parts.length) {
      throw storageError(
        'InvalidRange',
        `part ${number} has ${size} bytes; only the last may have less than ${partBytes}`,
      )
    }
  }
  const last = parts.at(-1)
  if (last === undefined) throw storageError('InvalidRange', 'no part is there')
  const joined = (last.number - 1) * partBytes + last.size
  if (options.size !== undefined && options.size !== joined) {
    throw storageError('Corrupt', `the parts have ${joined} bytes, and ${options.size} were announced`)
  }
  return joined
}
