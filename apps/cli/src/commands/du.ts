import { compareKeys, type StoreEntry } from '@kit/core'
import type { FilterFlags } from '../declare-options.ts'
import type { CommandResult } from '../outcome.ts'
import { printable } from '../printable.ts'
import { countView } from '../progress.ts'
import { bytesText, countText, parseCount } from '../quantities.ts'
import { readFilter } from '../read-filter.ts'
import type { Session } from '../session.ts'
import { nameIn, walk } from '../walk.ts'

export interface UsageOptions extends FilterFlags {
  readonly depth?: string
  readonly bytes?: boolean
}

interface Sum {
  /** Below the target; `''` is all of it. */
  readonly name: string
  objects: number
  bytes: number
}

/** Sums up what is below directories, in one ordered listing: only the directories on the way are held. */
export async function du(session: Session, targets: readonly string[], options: UsageOptions): Promise<CommandResult> {
  const { output } = session
  const depth = parseCount('--depth', options.depth ?? '0', 0)
  const filter = await readFilter(options)
  let seen = 0
  const counted = countView(session, () => countText(seen, 'object'))
  const all: Sum = { name: '', objects: 0, bytes: 0 }
  for (const target of targets) {
    const place = await session.place(target)
    const show = async ({ name, objects, bytes }: Sum): Promise<void> => {
      const address = place.addressOf(
        name === '' ? place.key : [place.key, name].filter((part) => part !== '').join('/'),
      )
      if (output.json) return output.lines([{ type: 'directory', address, objects, bytes }])
      const size = options.bytes === true ? String(bytes).padStart(15) : bytesText(bytes).padStart(9)
      await output.write(`${size}  ${String(objects).padStart(9)}  ${printable(address)}\n`)
    }
    const total: Sum = { name: '', objects: 0, bytes: 0 }
    let open: Sum[] = []
    for await (const page of walk(session, place, { recursive: true, ordered: depth > 0, filter })) {
      seen += page.length
      counted()
      for (const entry of page) {
        const name = nameIn(place.key, entry)
        for (const sum of open) if (isBeyond(name, sum)) await show(sum)
        open = open.filter((sum) => !isBeyond(name, sum))
        if (depth > 0) open.push(...newDirectories(name, entry, depth, open))
        if (entry.kind !== 'file') continue
        for (const sum of [total, ...open]) {
          if (sum !== total && !name.startsWith(`${sum.name}/`)) continue
          sum.objects++
          sum.bytes += entry.size ?? 0
        }
      }
    }
    for (const sum of open.toReversed()) await show(sum)
    await show(total)
    all.objects += total.objects
    all.bytes += total.bytes
  }
  output.status([])
  return { fields: { objects: all.objects, bytes: all.bytes } }
}

/** Whether nothing of a directory comes any more: in the order of keys, `a-b` comes between `a` and `a/c`. */
function isBeyond(name: string, { name: directory }: Sum): boolean {
  return compareKeys(name, `${directory}0`) >= 0
}

/** The directories that an entry lies in or is, down to a depth, as far as they are not open yet. */
function newDirectories(name: string, { kind }: StoreEntry, depth: number, open: readonly Sum[]): readonly Sum[] {
  const segments = name.split('/')
  const levels = Math.min(depth, kind === 'directory' ? segments.length : segments.length - 1)
  return Array.from({ length: levels }, (_, level) => segments.slice(0, level + 1).join('/'))
    .filter((directory) => open.every((sum) => sum.name !== directory))
    .map((directory) => ({ name: directory, objects: 0, bytes: 0 }))
}
