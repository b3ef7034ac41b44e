import type { TreeChange } from '@kit/content'
import { storageError } from '@kit/core'
import { isWithin, openTree, type OpenTree } from '../content/embedded-store.ts'
import { hinting, withHint, type CommandResult } from '../outcome.ts'
import { printable } from '../printable.ts'
import type { Session } from '../session.ts'

const signs = { added: '+', removed: '-', changed: '*' } as const

/** Tells what differs between two versions of an object, a folder or a whole tree. */
export async function diff(
  session: Session,
  target: string,
  from: string | undefined,
  to: string | undefined,
): Promise<CommandResult> {
  const { signal } = session
  await using opened = await openTree(session, target, { write: false })
  const newer = to ?? (await opened.tree.head({ signal }))?.cid
  if (newer === undefined) return { fields: { equal: true, changes: 0 } }
  const older = from ?? (await before(session, opened, newer))
  const advice = `\`kit log ${opened.name}:\` lists the versions that are kept.`
  const changes = await hinting({ NotFound: advice }, () => tellChanges(session, opened, older, newer))
  return { fields: { equal: changes === 0, changes, from: older, to: newer } }
}

/** A line for each path that differs; gives their number. */
export async function tellChanges(
  { output, signal }: Session,
  { tree, path }: OpenTree,
  from: string | undefined,
  to: string,
  words: { readonly prefix?: string; readonly fields?: object } = {},
): Promise<number> {
  let changes = 0
  for await (const change of tree.diff(from, to, { signal })) {
    // A folder has changed where something in it has.
    if (!isWithin(change.path, path) || isFolderOnly(change)) continue
    changes++
    const { path: key, ...rest } = change
    await output.lines([{ type: 'change', key, ...rest, ...words.fields }])
    const name = `${printable(key)}${change.kind === 'directory' ? '/' : ''}`
    if (!output.json) await output.write(`${words.prefix ?? ''}${signs[change.change]} ${name}\n`)
  }
  return changes
}

function isFolderOnly({ kind, change }: TreeChange): boolean {
  return kind === 'directory' && change === 'changed'
}

/** The newest version before this one in which the path was something else; nothing where it was never there before. */
async function before({ signal }: Session, { tree, at, name }: OpenTree, newer: string): Promise<string | undefined> {
  let reached: string | undefined
  let found = false
  let cut = false
  for await (const commit of tree.history({ signal })) {
    const cid = (await at(commit))?.cid
    if (commit.cid === newer) {
      found = true
      reached = cid
    } else if (found && cid !== reached) return commit.cid
    cut = commit.parent !== undefined
  }
  if (found && !cut) return undefined
  const what = found ? `no version before ${newer} is kept` : `there is no version ${newer}, or it is no longer kept`
  throw withHint(storageError('NotFound', what, { store: name }), `\`kit log ${name}:\` lists those that are.`)
}
