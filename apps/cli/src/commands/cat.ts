import { parseBytes, storageError, type ByteRange } from '@kit/core'
import type { CommandResult } from '../outcome.ts'
import type { Place, Session } from '../session.ts'

export interface CatOptions {
  readonly range?: string
  readonly offset?: string
  readonly length?: string
}

/** Writes objects to standard output, one after the other; stops at the first that cannot be read. */
export async function cat(session: Session, targets: readonly string[], options: CatOptions): Promise<CommandResult> {
  const range = rangeOf(options)
  let bytes = 0
  for (const target of targets) bytes += await pour(session, await session.place(target), range)
  return { fields: { objects: targets.length, bytes }, aside: true }
}

/** Writes one object, or a part, to standard output; gives the number of bytes. */
export async function pour({ output, call }: Session, { store, key }: Place, range?: ByteRange): Promise<number> {
  let bytes = 0
  await using reading = await store.read(key, { ...call, range })
  for await (const chunk of reading) {
    await output.write(chunk)
    bytes += chunk.byteLength
  }
  return bytes
}

/** @throws InvalidConfig for what is no range */
export function rangeOf({ range, offset, length }: CatOptions): ByteRange | undefined {
  if (range !== undefined) {
    if (offset !== undefined || length !== undefined)
      throw storageError('InvalidConfig', '--range excludes --offset and --length')
    const [, first = '', last = ''] = /^(\d*)-(\d*)$/.exec(range) ?? []
    if (first === '' && last === '')
      throw storageError('InvalidConfig', `--range ${range} is none of a-b, a-, -n in bytes`)
    if (first === '') return { last: Number(last) }
    if (last !== '' && Number(last) < Number(first))
      throw storageError('InvalidConfig', `--range ${range} ends before it starts`)
    return { from: Number(first), to: last === '' ? undefined : Number(last) + 1 }
  }
  if (offset === undefined && length === undefined) return undefined
  const from = offset === undefined ? 0 : parseBytes(offset)
  return { from, to: length === undefined ? undefined : from + parseBytes(length) }
}
