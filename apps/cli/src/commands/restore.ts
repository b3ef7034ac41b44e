import { openTree } from '../content/embedded-store.ts'
import { hinting, type CommandResult } from '../outcome.ts'
import { printable } from '../printable.ts'
import { countText } from '../quantities.ts'
import type { Session } from '../session.ts'
import { tellChanges } from './diff.ts'

export interface RestoreOptions {
  readonly dryRun?: boolean
  readonly ifMatch?: string
  readonly message?: string
}

/** Makes an object, a folder or a whole tree what it was in a kept version, as a new version. */
export async function restore(
  session: Session,
  target: string,
  version: string,
  { dryRun = false, ifMatch, message }: RestoreOptions,
): Promise<CommandResult> {
  const { output, signal } = session
  await using opened = await openTree(session, target, { write: !dryRun })
  const { tree, name, path } = opened
  const address = `${name}:${path}`
  const advice = `\`kit log ${name}:\` lists the versions that are kept, the newest first.`
  const hints = { NotFound: advice, ConditionFailed: advice }
  const head = (await tree.head({ signal }))?.cid
  if (dryRun) {
    const words = { prefix: '(dry-run) ', fields: { dryRun } }
    const changes = await hinting(hints, () => tellChanges(session, opened, head, version, words))
    if (!output.json) output.note(`(dry-run) ${countText(changes, 'change')}\n`)
    return { fields: { address, changes, dryRun } }
  }
  const condition = ifMatch === undefined ? undefined : `"${ifMatch.replaceAll('"', '')}"`
  const commit = await hinting(hints, () => tree.restore(path, version, { ifMatch: condition, message }, { signal }))
  const restored = commit.cid !== head
  if (!output.json) await output.write(`${commit.cid}\n`)
  output.note(restored ? `restored ${printable(address)}\n` : `${printable(address)} is so already\n`)
  return { fields: { address, restored, version: commit.cid, from: version } }
}
