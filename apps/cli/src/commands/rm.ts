import { errorCode, keyName, storageError, type Key, type StoreEntry } from '@kit/core'
import type { Filter } from '@kit/core/transfer'
import type { FilterFlags } from '../declare-options.ts'
import { exitCodes } from '../exit-codes.ts'
import { failureOf, givenUp, withHint, type CommandResult } from '../outcome.ts'
import { printable } from '../printable.ts'
import { countView } from '../progress.ts'
import { countText } from '../quantities.ts'
import { readFilter } from '../read-filter.ts'
import type { Place, Session } from '../session.ts'
import { nameIn } from '../walk.ts'

export interface RemoveOptions extends FilterFlags {
  readonly recursive?: boolean
  readonly R?: boolean
  readonly force?: boolean
  readonly dryRun?: boolean
  readonly failIfNothing?: boolean
}

const maxFailures = 100

interface Removal {
  readonly recursive: boolean
  readonly force: boolean
  readonly dryRun: boolean
  readonly filter: Filter | undefined
  removed(place: Place, key: string): Promise<void>
  failed(address: string, error: unknown): Promise<void>
}

/** Removes objects; goes on with the next where one cannot be removed. */
export async function rm(session: Session, targets: readonly string[], options: RemoveOptions): Promise<CommandResult> {
  const { output, signal, verbose } = session
  const dryRun = options.dryRun === true
  const failures: unknown[] = []
  let removed = 0
  let failed = 0
  const show = countView(session, () => `${countText(removed, 'removal')}${failed > 0 ? `  ·  ${failed} failed` : ''}`)
  const removal: Removal = {
    recursive: options.recursive === true || options.R === true,
    force: options.force === true,
    dryRun,
    filter: await readFilter(options),
    async removed(place, key) {
      removed++
      show()
      const address = place.addressOf(key)
      await output.lines([{ type: 'removed', address, ...(dryRun && { dryRun }) }])
      if (dryRun && !output.json) await output.write(`(dry-run) remove ${printable(address)}\n`)
      else if (verbose) output.tell(`remove ${address}\n`)
    },
    async failed(address, error) {
      failed++
      if (failures.length < maxFailures) failures.push(error)
      await output.lines([{ type: 'failed', address, error: failureOf(error) }])
    },
  }
  for (const target of targets) {
    try {
      await remove(session, await session.place(target, { itself: true }), removal)
    } catch (error) {
      if (signal.aborted) throw givenUp(signal, !dryRun)
      await removal.failed(target, error)
    }
  }
  if (dryRun && !output.json)
    output.note(`(dry-run) ${countText(removed, 'removal')}${failed > 0 ? `, ${failed} failed` : ''}\n`)
  const nothing = removed === 0 && options.failIfNothing === true
  return {
    fields: { removed, failed, ...(dryRun && { dryRun }) },
    failures,
    failed,
    partly: removed > 0 && !dryRun,
    exit: nothing ? exitCodes.nothingDone.code : undefined,
  }
}

async function remove({ call }: Session, place: Place, removal: Removal): Promise<void> {
  const { store, key, addressOf } = place
  const { recursive, force, dryRun, filter } = removal
  if (key === '' && !(recursive && force)) {
    const error = storageError('InvalidConfig', `${addressOf('')} is a whole store`, { store: store.name })
    throw withHint(error, 'Name what is to go, or say -r -f to empty the store.')
  }
  const entry = key === '' ? undefined : await entryOf(place, call, force)
  if (entry === 'none') return
  if (entry !== undefined && entry.kind !== 'directory') {
    if (filter?.admits(keyName(key), entry) === false) return
    if (!dryRun) await store.delete(key, call)
    return removal.removed(place, key)
  }
  if (!recursive) {
    const error = storageError('IsDirectory', 'it is a directory', { operation: 'rm', store: store.name, key })
    throw withHint(error, 'Say -r to remove it with all that is in it.')
  }
  await removeTree(place, call, removal)
}

async function entryOf({ store, key }: Place, call: Session['call'], force: boolean): Promise<StoreEntry | 'none'> {
  try {
    return await store.stat(key, { ...call, implied: true })
  } catch (error) {
    if (force && errorCode(error) === 'NotFound') return 'none'
    throw error
  }
}

async function removeTree(place: Place, call: Session['call'], removal: Removal): Promise<void> {
  const { store, key, addressOf } = place
  const { dryRun, filter } = removal
  const directories: Key[] = key === '' ? [] : [key]
  let failed = false
  const files = async function* (): AsyncGenerator<Key> {
    for await (const entry of store.list(key, { ...call, recursive: true })) {
      if (entry.kind === 'directory') directories.push(entry.key)
      else if (filter?.admits(nameIn(key, entry), entry) !== false) yield entry.key
    }
  }
  if (dryRun) for await (const name of files()) await removal.removed(place, name)
  else {
    for await (const { key: name, error } of store.deleteMany(files(), call)) {
      if (error === undefined) await removal.removed(place, name)
      else {
        failed = true
        await removal.failed(addressOf(name), error)
      }
    }
  }
  // What a filter left is in them.
  if (!store.can('directories') || failed || filter !== undefined) return
  // The longer path first: what is inside goes before what it is in.
  for (const directory of directories.toSorted((a, b) => b.length - a.length)) {
    try {
      if (!dryRun) await store.directories.remove(directory, call)
      await removal.removed(place, directory)
    } catch (error) {
      if (errorCode(error) !== 'NotFound') await removal.failed(addressOf(directory), error)
    }
  }
}
