import type { Commit } from '@kit/content'
import type { Entry } from '@kit/core'
import { openTree } from '../content/embedded-store.ts'
import type { CommandResult } from '../outcome.ts'
import { printable } from '../printable.ts'
import { parseCount } from '../quantities.ts'
import type { Session } from '../session.ts'

export interface LogOptions {
  readonly limit?: string
}

/** Lists the kept versions of an object, a folder or a whole tree, the newest first. */
export async function log(session: Session, target: string, options: LogOptions): Promise<CommandResult> {
  const { output, signal } = session
  const limit = options.limit === undefined ? Number.POSITIVE_INFINITY : parseCount('--limit', options.limit)
  await using opened = await openTree(session, target, { write: false })
  let versions = 0
  const tell = async (commit: Commit, entry: Entry | undefined): Promise<void> => {
    versions++
    const { cid: version, time, message } = commit
    const { cid, kind, size } = entry ?? {}
    if (output.json)
      return output.lines([
        { type: 'version', version, time, cid, kind, size, message, ...(cid === undefined && { removed: true }) },
      ])
    const what = entry === undefined ? 'removed' : String(size ?? '-')
    const words = [version, time.toISOString(), what.padStart(9), ...(message === undefined ? [] : [oneLine(message)])]
    await output.write(`${words.join('  ')}\n`)
  }
  let newer: { readonly commit: Commit; readonly entry: Entry | undefined } | undefined
  for await (const commit of opened.tree.history({ signal })) {
    const entry = await opened.at(commit)
    if (newer !== undefined && newer.entry?.cid !== entry?.cid) await tell(newer.commit, newer.entry)
    newer = { commit, entry }
    if (versions >= limit) break
  }
  if (newer?.entry !== undefined && versions < limit) await tell(newer.commit, newer.entry)
  return { fields: { versions } }
}

function oneLine(message: string): string {
  return printable(message.split('\n', 1)[0] ?? '')
}
