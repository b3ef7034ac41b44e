import { throwIfAborted, untilAborted, type Context, type Entry, type Etag, type Key } from '@kit/core'
import type { WriteConditions } from '@kit/core'
import { changed, entryOf } from './entry.ts'
import { descriptorPath, openFile, openFlags, type FilePath } from './fs-client.ts'
import { isDirectoryError } from './fs-errors.ts'
import { fileEntry, openForReading } from './read.ts'
import type { Site } from './site.ts'
import type { Temporary } from './temporaries.ts'
import { publish } from './write.ts'

/** By the filesystem, as a clone where it can. */
export async function copy(
  site: Site,
  context: Context,
  from: Key,
  to: Key,
  { fromEtag, ...conditions }: WriteConditions & { readonly fromEtag?: Etag | undefined },
): Promise<Entry> {
  throwIfAborted(context.signal)
  if (to === '') throw isDirectoryError()
  const source = await openForReading(site, from)
  try {
    const { etag, modified } = fileEntry(from, await site.fstat(source))
    if (fromEtag !== undefined && fromEtag !== etag) throw changed(etag, fromEtag)
    const temporary = await clone(site, context, source)
    try {
      const fd = await openFile(temporary.path, openFlags.read)
      try {
        return entryOf(to, await publish(site, context, to, temporary, fd, { ...conditions, modified }))
      } finally {
        await site.files.close(fd)
      }
    } finally {
      await site.temporaries.remove(temporary)
    }
  } finally {
    await site.files.close(source)
  }
}

/** A temporary with the bytes and the mode of an open file. */
export async function clone(site: Site, { signal }: Context, source: number): Promise<Temporary> {
  const { files, temporaries } = site
  const path: FilePath = descriptorPath(source)
  const copying = temporaries.named((to) => files.copy(path, to))
  try {
    return await untilAborted(signal, copying)
  } catch (error) {
    // The system does not stop in the middle; what it makes is removed when it is done.
    void copying.then((temporary) => temporaries.remove(temporary)).catch(() => undefined)
    throw error
  }
}
