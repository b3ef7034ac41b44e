import type { Profile } from '@kit/content'
import { blockImporter, type Importer } from '../content/import-target.ts'
import { importTargets, type ImportFlags } from '../content/import-targets.ts'
import type { CommandResult } from '../outcome.ts'
import type { Session } from '../session.ts'

/** Computes the CIDs that files and trees would have; stores nothing. */
export async function cid(session: Session, targets: readonly string[], flags: ImportFlags): Promise<CommandResult> {
  const nowhere = { put: () => undefined }
  const importer = (profile: Profile): Importer => blockImporter(session, nowhere, profile)
  return importTargets(session, targets, flags, { type: 'cid', importer })
}
