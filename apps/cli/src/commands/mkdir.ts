import { abortError, errorCode, parentKey, storageError } from '@kit/core'
import { exitCodes } from '../exit-codes.ts'
import { withExit, withHint, type CommandResult } from '../outcome.ts'
import type { Place, Session } from '../session.ts'

export interface MakeOptions {
  readonly parents?: boolean
}

/** Makes directories; goes on with the next where one cannot be made. */
export async function mkdir(
  session: Session,
  targets: readonly string[],
  options: MakeOptions,
): Promise<CommandResult> {
  const { output, signal } = session
  const failures: unknown[] = []
  let made = 0
  for (const target of targets) {
    try {
      const place = await session.place(target)
      await make(session, place, options.parents === true)
      made++
      await output.lines([{ type: 'made', address: place.addressOf(place.key) }])
    } catch (error) {
      if (signal.aborted) throw abortError(signal)
      failures.push(error)
    }
  }
  return { fields: { made, failed: failures.length }, failures, partly: made > 0 }
}

async function make({ call }: Session, { store, key }: Place, parents: boolean): Promise<void> {
  const about = { operation: 'mkdir', store: store.name, key }
  if (!store.can('directories')) {
    const error = storageError('Unsupported', 'the store has no directories of its own', about)
    throw withHint(error, 'Directories come and go with the objects in them: write one.')
  }
  if (!parents) {
    const exists = (): Error =>
      withHint(storageError('AlreadyExists', 'it is there already', about), 'Say -p where that is as good.')
    if (key === '' || (await isThere(store, key, call))) throw exists()
    const parent = parentKey(key)
    if (parent !== '' && !(await isThere(store, parent, call))) {
      const error = storageError('NotFound', 'the directory above it is not there', about)
      throw withHint(withExit(error, exitCodes.noDirectory.code), 'Say -p to make that one, too.')
    }
  }
  if (key !== '') await store.directories.make(key, call)
}

async function isThere(store: Place['store'], key: Place['key'], call: Session['call']): Promise<boolean> {
  try {
    await store.stat(key, { ...call, implied: true })
    return true
  } catch (error) {
    if (errorCode(error) === 'NotFound') return false
    throw error
  }
}
