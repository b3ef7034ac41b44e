import { storageError, throwIfAborted, type Attributes, type Context, type Entry, type Key } from '@kit/core'
import { afterwards, exclusively } from './change.ts'
import { entryOf, kindOf } from './entry.ts'
import { split } from './folders.ts'
import { changeMode, changeTimes, descriptorPath, openFile, openFlags, pathFlags } from './fs-client.ts'
import { inFolder, type Site } from './site.ts'
import { nextStamp } from './stamp.ts'

/** Of files and directories. */
export function update(site: Site, context: Context, key: Key, attributes: Attributes): Promise<Entry> {
  throwIfAborted(context.signal)
  const { mode, modified } = attributes
  const [directory, name] = split(key)
  return inFolder(site, directory, (folder) =>
    exclusively(site, context, [`${folder.key}/${name}`], false, async () => {
      // By descriptor, so that no link put there meanwhile is followed.
      const fd = await openFile(
        name === '' ? folder.path : folder.at(name),
        site.byPath ? pathFlags.file : openFlags.read,
      )
      try {
        const path = descriptorPath(fd)
        if (kindOf(await site.fstat(fd)) === 'link') {
          throw storageError('Unsupported', 'a symbolic link has no attributes of its own')
        }
        if (mode !== undefined) await changeMode(path, mode)
        if (modified !== undefined) {
          const stamp = nextStamp(modified)
          await changeTimes(path, stamp.accessed, stamp.modified)
        }
        if (site.fsync) await afterwards(() => syncPath(site, path))
        return entryOf(key, await site.fstat(fd))
      } finally {
        await site.files.close(fd)
      }
    }),
  )
}

async function syncPath({ files }: Site, path: string): Promise<void> {
  const fd = await files.open(path, openFlags.readFollowing)
  try {
    await files.sync(fd)
  } finally {
    await files.close(fd)
  }
}
