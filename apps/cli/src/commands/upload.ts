import { keyBelow, parseKey } from '@kit/core'
import type { CommandResult } from '../outcome.ts'
import { printable } from '../printable.ts'
import { bytesText, countText } from '../quantities.ts'
import type { Place, Session } from '../session.ts'

export interface UploadGcOptions {
  readonly all?: boolean
  readonly dryRun?: boolean
}

type Token = Parameters<Place['store']['upload']['abort']>[0]

/** Lists uploads in parts that were begun and not finished. */
export async function uploadLs(session: Session, target: string): Promise<CommandResult> {
  const { output, call } = session
  const place = await session.place(target)
  let uploads = 0
  let bytes = 0
  for await (const token of unfinished(session, place)) {
    const parts = await place.store.upload.parts(token, call)
    const size = parts.reduce((sum, part) => sum + part.size, 0)
    uploads++
    bytes += size
    const address = place.addressOf(token.key)
    const { expires } = token
    await output.lines([{ type: 'upload', address, key: token.key, parts: parts.length, bytes: size, expires }])
    const line = [
      bytesText(size).padStart(9),
      countText(parts.length, 'part').padStart(12),
      (expires ?? '-').padEnd(24),
      printable(address),
    ]
    if (!output.json) await output.write(`${line.join('  ')}\n`)
  }
  return { fields: { uploads, bytes } }
}

/** Drops uploads whose time is over, or all. */
export async function uploadGc(session: Session, target: string, options: UploadGcOptions): Promise<CommandResult> {
  const { output, call } = session
  const dryRun = options.dryRun === true
  const place = await session.place(target)
  const now = Date.now()
  let dropped = 0
  for await (const token of unfinished(session, place)) {
    const over = token.expires !== undefined && Date.parse(token.expires) <= now
    if (!over && options.all !== true) continue
    const address = place.addressOf(token.key)
    if (!dryRun) await place.store.upload.abort(token, call)
    dropped++
    await output.lines([{ type: 'dropped', address, expires: token.expires, ...(dryRun && { dryRun }) }])
    if (!output.json) await output.write(`${dryRun ? '(dry-run) ' : ''}dropped ${printable(address)}\n`)
  }
  return { fields: { dropped, ...(dryRun && { dryRun }) } }
}

async function* unfinished({ call }: Session, { store, key }: Place): AsyncGenerator<Token> {
  for await (const token of store.upload.list(call)) {
    if (key === '' || keyBelow(key, parseKey(token.key)) !== undefined) yield token
  }
}
