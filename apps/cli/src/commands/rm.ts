import { abortError, errorCode, storageError, type Key, type StoreEntry } from '@kit/core'
import { withHint, type CommandResult } from '../outcome.ts'
import type { Place, Session } from '../session.ts'

export interface RemoveOptions {
  readonly recursive?: boolean
  readonly force?: boolean
}

/** Removes objects; goes on with the next where one cannot be removed. */
export async function rm(session: Session, targets: readonly string[], options: RemoveOptions): Promise<CommandResult> {
  const { output, signal } = session
  const failures: unknown[] = []
  let removed = 0
  const told = async (place: Place, key: string): Promise<void> => {
    removed++
    await output.lines([{ type: 'removed', address: place.addressOf(key) }])
  }
  for (const target of targets) {
    try {
      await remove(session, await session.place(target, { itself: true }), options, told, failures)
    } catch (error) {
      if (signal.aborted) throw abortError(signal)
      failures.push(error)
    }
  }
  return { fields: { removed, failed: failures.length }, failures, partly: removed > 0 }
}

type Told = (place: Place, key: string) => Promise<void>

async function remove(
  { call }: Session,
  place: Place,
  { recursive = false, force = false }: RemoveOptions,
  told: Told,
  failures: unknown[],
): Promise<void> {
  const { store, key, addressOf } = place
  if (key === '' && !(recursive && force)) {
    const error = storageError('InvalidConfig', `${addressOf('')} is a whole store`, { store: store.name })
    throw withHint(error, 'Name what is to go, or say -r -f to empty the store.')
  }
  const kind = key === '' ? 'directory' : await kindOf(place, call, force)
  if (kind === undefined) return
  if (kind !== 'directory') {
    await store.delete(key, call)
    await told(place, key)
    return
  }
  if (!recursive) {
    const error = storageError('IsDirectory', 'it is a directory', { operation: 'rm', store: store.name, key })
    throw withHint(error, 'Say -r to remove it with all that is in it.')
  }
  await removeTree(place, call, told, failures)
}

/** undefined where nothing is there and nothing need be. */
async function kindOf(
  { store, key }: Place,
  call: Session['call'],
  force: boolean,
): Promise<StoreEntry['kind'] | undefined> {
  try {
    return (await store.stat(key, { ...call, implied: true })).kind
  } catch (error) {
    if (force && errorCode(error) === 'NotFound') return undefined
    throw error
  }
}

async function removeTree(place: Place, call: Session['call'], told: Told, failures: unknown[]): Promise<void> {
  const { store, key } = place
  const directories: Key[] = key === '' ? [] : [key]
  const before = failures.length
  const files = async function* (): AsyncGenerator<Key> {
    for await (const entry of store.list(key, { ...call, recursive: true })) {
      if (entry.kind === 'directory') directories.push(entry.key)
      else yield entry.key
    }
  }
  for await (const { key: name, error } of store.deleteMany(files(), call)) {
    if (error === undefined) await told(place, name)
    else failures.push(error)
  }
  if (!store.can('directories') || failures.length > before) return
  // The longer path first: what is inside goes before what it is in.
  for (const directory of directories.toSorted((a, b) => b.length - a.length)) {
    try {
      await store.directories.remove(directory, call)
      await told(place, directory)
    } catch (error) {
      if (errorCode(error) !== 'NotFound') failures.push(error)
    }
  }
}
