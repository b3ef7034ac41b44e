import { abortError, storageError } from '@kit/core'
import { compare, type Comparison } from '@kit/core/transfer'
import type { FilterFlags, TransferFlags } from '../declare-options.ts'
import { exitCodes } from '../exit-codes.ts'
import { failureOf, type CommandResult } from '../outcome.ts'
import { printable } from '../printable.ts'
import { countView } from '../progress.ts'
import { countText } from '../quantities.ts'
import { readFilter } from '../read-filter.ts'
import { requireThere, type Session } from '../session.ts'
import { concurrencyOf, linkRule } from '../transfer-flags.ts'

export interface CheckOptions extends FilterFlags, Pick<TransferFlags, 'checksum' | 'links' | 'transfers'> {
  readonly oneWay?: boolean
  readonly all?: boolean
}

const signs = { same: '=', differs: '*', 'only-left': '+', 'only-right': '-', failed: '!' } as const

const maxFailures = 100

/**
 * Compares two trees or objects, a line for each difference; exit code 11 where there are some. Without the second, content is checked against
 * its CIDs.
 */
export async function check(
  session: Session,
  left: string,
  right: string | undefined,
  options: CheckOptions,
): Promise<CommandResult> {
  if (right === undefined) {
    refuseComparing(options)
    return (await import('./check-content.ts')).checkContent(session, left)
  }
  const { output, call, signal } = session
  const filter = await readFilter(options)
  const one = await session.place(left)
  const other = await session.place(right)
  await requireThere(session, one)
  await requireThere(session, other)
  const counts = { same: 0, differs: 0, onlyLeft: 0, onlyRight: 0, failed: 0 }
  const failures: unknown[] = []
  const grounds = new Map<string, number>()

  const show = countView(session, () => {
    const { same, differs, onlyLeft, onlyRight, failed } = counts
    const different = differs + onlyLeft + onlyRight
    return `${same + different + failed} compared  ·  ${countText(different, 'difference')}`
  })
  const tell = async (comparison: Comparison): Promise<void> => {
    const { key, verdict, by, error } = comparison
    if (options.oneWay === true && verdict === 'only-right') return
    counts[verdict === 'only-left' ? 'onlyLeft' : verdict === 'only-right' ? 'onlyRight' : verdict]++
    if (by !== undefined && verdict === 'same') grounds.set(by, (grounds.get(by) ?? 0) + 1)
    if (verdict === 'failed' && failures.length < maxFailures) failures.push(error)
    if (verdict === 'same' && options.all !== true) return
    const sizes = { leftSize: comparison.left?.size, rightSize: comparison.right?.size }
    const failure = verdict === 'failed' ? { error: failureOf(error) } : {}
    if (output.json) return output.lines([{ type: 'compared', key, verdict, by, ...sizes, ...failure }])
    const kind = (comparison.left ?? comparison.right)?.kind
    const name = key === '' ? one.addressOf(one.key) : `${key}${kind === 'directory' ? '/' : ''}`
    await output.write(`${signs[verdict]} ${printable(name)}\n`)
  }
  const places = [
    { store: one.store, key: one.key },
    { store: other.store, key: other.key },
  ] as const
  for await (const comparison of compare(...places, {
    ...call,
    filter,
    checksum: options.checksum,
    concurrency: concurrencyOf(options),
    links: linkRule(options),
  })) {
    show()
    await tell(comparison)
  }
  output.status([])
  if (signal.aborted) throw abortError(signal)

  const different = counts.differs + counts.onlyLeft + counts.onlyRight
  const bySize = grounds.get('size') ?? 0
  if (bySize > 0)
    output.note(`kit: ${countText(bySize, 'object')} compared by size alone; --checksum compares the bytes\n`)
  output.note(
    `${counts.same} the same, ${countText(different, 'difference')}${counts.failed > 0 ? `, ${counts.failed} failed` : ''}\n`,
  )
  const equal = different === 0 && counts.failed === 0
  return {
    fields: { equal, ...counts, by: Object.fromEntries(grounds) },
    failures,
    failed: counts.failed,
    partly: counts.failed > 0,
    exit: different > 0 ? exitCodes.differences.code : undefined,
  }
}

/** @throws InvalidConfig for what means nothing where nothing is compared */
function refuseComparing({ links, ...options }: CheckOptions): void {
  const [name] = Object.keys(options)
  const given = name ?? (links === undefined || links === 'keep' ? undefined : 'links')
  if (given === undefined) return
  const option = given.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  throw storageError('InvalidConfig', `--${option} is of two that are compared; name the second`)
}
