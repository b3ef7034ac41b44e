import { storageError, throwIfAborted, type Bytes, type Context, type Entry, type Handle, type Key } from '@kit/core'
import type { HandleMode, WriteConditions } from '@kit/core'
import { inMadeFolder } from './change.ts'
import { clone } from './copy.ts'
import { entryOf } from './entry.ts'
import { changeMode, changeModeOf, changeTimesOf, openFlags, readAt } from './fs-client.ts'
import { errnoOf, fsError } from './fs-errors.ts'
import { syncFolder } from './making.ts'
import { writeAll } from './pour.ts'
import { fileEntry, openForReading } from './read.ts'
import type { Site } from './site.ts'
import { nextStamp } from './stamp.ts'
import type { Temporary } from './temporaries.ts'
import { publish } from './write.ts'

export async function openHandle(site: Site, context: Context, key: Key, mode: HandleMode): Promise<Handle> {
  throwIfAborted(context.signal)
  if (mode === 'in-place') return inPlace(site, key)
  let fd: number | undefined
  try {
    fd = await openForReading(site, key)
  } catch (error) {
    if (mode === 'read' || errnoOf(error) !== 'ENOENT') throw error
    return staged(site, key, undefined, { kind: 'file', key, size: 0 })
  }
  try {
    const entry = fileEntry(key, await site.fstat(fd))
    return mode === 'read' ? reader(site, fd, entry) : staged(site, key, fd, entry)
  } catch (error) {
    await site.files.close(fd)
    throw error
  }
}

/** One call after the other; closing comes last and waits for those before it. */
function oneByOne(site: Site, free: () => Promise<void>) {
  let last: Promise<unknown> = Promise.resolve()
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= last.then(async () => {
      site.living.delete(close)
      await free()
    })
    return closing
  }
  site.living.add(close)
  const run = async <Result>({ signal }: Context, work: () => Promise<Result>): Promise<Result> => {
    if (closing !== undefined) throw storageError('Aborted', 'the handle is closed')
    const result = last.then(() => {
      throwIfAborted(signal)
      return work()
    })
    last = result.catch(() => undefined)
    try {
      return await result
    } catch (error) {
      throw fsError(error)
    }
  }
  return { run, close }
}

async function fill(fd: number, into: Bytes, at: number): Promise<number> {
  let done = 0
  while (done < into.byteLength) {
    const count = await readAt(fd, into, done, into.byteLength - done, at + done)
    if (count === 0) break
    done += count
  }
  return done
}

/** The file as it was: whoever replaces it gives another file its name. */
function reader(site: Site, fd: number, entry: Entry): Handle {
  const reading = new Set<Promise<unknown>>()
  const { run, close } = oneByOne(site, async () => {
    await Promise.allSettled(reading)
    await site.files.close(fd)
  })
  return {
    entry,
    async read(context, into, at) {
      let filling: Promise<number> | undefined
      // Only the start waits its turn; reads run side by side.
      await run(context, async () => {
        filling = fill(fd, into, at)
        reading.add(filling)
        filling.catch(() => undefined)
      })
      try {
        return (await filling) ?? 0
      } catch (error) {
        throw fsError(error)
      } finally {
        if (filling !== undefined) reading.delete(filling)
      }
    },
    close,
  }
}

/** Changes go to a temporary copy, made before the first of them; publishing gives it the key's place. */
function staged(site: Site, key: Key, opened: number | undefined, entry: Entry): Handle {
  const { files, temporaries } = site
  let fd = opened
  let temporary: Temporary | undefined
  const mode = entry.mode

  const { run, close } = oneByOne(site, async () => {
    if (fd !== undefined) await files.close(fd).catch(() => undefined)
    if (temporary !== undefined) await temporaries.remove(temporary)
  })

  /** After a publish, what was the copy is the object, and must not change any more: another copy is made. */
  async function stage(context: Context): Promise<{ readonly copy: number; readonly at: Temporary }> {
    if (fd !== undefined && temporary !== undefined) return { copy: fd, at: temporary }
    if (fd === undefined) {
      const made = await temporaries.create(0o666)
      fd = made.fd
      temporary = made
      return { copy: fd, at: temporary }
    }
    const made = await clone(site, context, fd)
    try {
      if (mode !== undefined && (mode & 0o600) !== 0o600) await changeMode(made.path, mode | 0o600)
      const copy = await files.open(made.path, openFlags.change)
      const old = fd
      fd = copy
      temporary = made
      await files.close(old).catch(() => undefined)
      return { copy, at: made }
    } catch (error) {
      await temporaries.remove(made)
      throw error
    }
  }

  return {
    entry,
    read: (context, into, at) => run(context, async () => (fd === undefined ? 0 : fill(fd, into, at))),
    write: (context, from, at) => run(context, async () => writeAll(files, (await stage(context)).copy, from, at)),
    truncate: (context, size) => run(context, async () => files.truncate((await stage(context)).copy, size)),
    publish: (context, conditions: WriteConditions) =>
      run(context, async () => {
        const { copy, at } = await stage(context)
        if (mode !== undefined && (mode & 0o600) !== 0o600) await changeModeOf(copy, mode)
        const stats = await publish(site, context, key, at, copy, conditions)
        temporary = undefined
        return entryOf(key, stats)
      }),
    close,
  }
}

/** Each write is in the object at once, and has its own time, so that no two states share an etag. */
async function inPlace(site: Site, key: Key): Promise<Handle> {
  const { files } = site
  const fd = await inMadeFolder(site, key, async ({ folder, name }) => {
    try {
      const opened = await files.open(folder.at(name), openFlags.inPlace, 0o666)
      if (site.fsync) await syncFolder(files, folder)
      return opened
    } catch (error) {
      if (errnoOf(error) !== 'ELOOP') throw error
      throw storageError('Unsupported', 'a symbolic link is not changed in place', { cause: error })
    }
  })
  let entry: Entry
  try {
    entry = fileEntry(key, await site.fstat(fd))
  } catch (error) {
    await files.close(fd)
    throw error
  }
  const { run, close } = oneByOne(site, () => files.close(fd).catch(() => undefined))
  async function mark(): Promise<void> {
    const { accessed, modified } = nextStamp()
    await changeTimesOf(fd, accessed, modified)
    if (site.fsync) await files.sync(fd)
  }
  return {
    entry,
    read: (context, into, at) => run(context, () => fill(fd, into, at)),
    write: (context, from, at) =>
      run(context, async () => {
        await writeAll(files, fd, from, at)
        await mark()
      }),
    truncate: (context, size) =>
      run(context, async () => {
        await files.truncate(fd, size)
        await mark()
      }),
    close,
  }
}
