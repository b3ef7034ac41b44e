import type { Profile } from '@kit/content'
import { storageError, type Store } from '@kit/core'
import { blockImporter, type Importer } from '../content/import-target.ts'
import { importTargets, type ImportFlags } from '../content/import-targets.ts'
import { putBlocks } from '../content/put-blocks.ts'
import type { CommandResult } from '../outcome.ts'
import type { Session } from '../session.ts'

export interface AddOptions extends ImportFlags {
  readonly store?: string
  /** False with `--no-pin`. */
  readonly pin?: boolean
  readonly name?: string
}

/** Puts files and trees into a content store, pinned unless told otherwise, and tells their CIDs. */
export async function add(session: Session, targets: readonly string[], options: AddOptions): Promise<CommandResult> {
  const { name } = options
  const pin = options.pin !== false
  if (name !== undefined && !pin) throw storageError('InvalidConfig', '--name is of the pin: it goes with no --no-pin')
  if (name !== undefined && targets.length > 1) throw storageError('InvalidConfig', '--name is for one target')
  const { store } = await session.configured(options.store, ['content', 'write', ...(pin ? (['pins'] as const) : [])])
  const importer = (profile: Profile): Importer => storeImporter(session, store, profile, { pin, name })
  return importTargets(session, targets, options, { type: 'added', importer })
}

function storeImporter(
  session: Session,
  store: Store,
  profile: Profile,
  { pin, name }: { readonly pin: boolean; readonly name: string | undefined },
): Importer {
  const { call } = session
  return {
    async file(source) {
      const { cid, size = 0 } = await store.content.put(source, { profile, pin }, call)
      if (cid === undefined) throw storageError('Unexpected', 'the store tells no CID of what was put')
      // What the pin says beside its name stays.
      if (name !== undefined) {
        const { metadata } = await store.pins.get(cid, call)
        await store.pins.add(cid, { mode: 'recursive', name, metadata }, call)
      }
      return { cid, size }
    },
    async tree(entries) {
      const made = await putBlocks(store, call, (writer) => blockImporter(session, writer, profile).tree(entries))
      if (pin) await store.pins.add(made.cid, { mode: 'recursive', name }, call)
      return made
    },
  }
}
