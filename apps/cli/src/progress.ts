import { styleText } from 'node:util'
import type { TransferProgress } from '@kit/core/transfer'
import { harmless } from './printable.ts'
import { bytesText, countText, secondsText } from './quantities.ts'
import type { Session } from './session.ts'

/** What is over sooner shows no rows. */
const quietMs = 400
/** Between two pictures of the same rows. */
const drawEveryMs = 100
/** Between lines where nobody sees them change. */
const lineEveryMs = 5000
const maxRows = 12
const nameWidth = 44

/** Shows progress on a terminal, as rows that change; with `--progress` elsewhere, as a line now and then. undefined: not at all. */
export function progressView(session: Session): ((progress: TransferProgress) => void) | undefined {
  const show = view(session)
  return (
    show &&
    ((progress) =>
      show(
        (height) => progressRows(progress, height),
        () => totalLine(progress),
      ))
  )
}

/** The same of a verb that counts: one row. */
export function countView(session: Session, row: () => string): () => void {
  const show = view(session)
  if (show === undefined) return () => undefined
  return () => show(() => [row()], row)
}

type Show = (rows: (height: number) => readonly string[], line: () => string) => void

function view({ output, quiet, progress: wanted }: Session): Show | undefined {
  const terminal = process.stderr.isTTY && process.env['TERM'] !== 'dumb'
  if (quiet || !(terminal || wanted)) return undefined
  const started = performance.now()
  let last = terminal && wanted ? Number.NEGATIVE_INFINITY : started + (terminal ? quietMs - drawEveryMs : 0)
  return (rows, line) => {
    const now = performance.now()
    if (now - last < (terminal ? drawEveryMs : lineEveryMs)) return
    last = now
    if (terminal) output.status(rows(process.stderr.rows || 24))
    else output.tell(`${line()}\n`)
  }
}

/** The same of one stream of unknown length. */
export function streamProgressView(
  session: Session,
  name: string,
): ((progress: { bytes: number }) => void) | undefined {
  const show = progressView(session)
  if (show === undefined) return undefined
  const started = performance.now()
  return ({ bytes }) => {
    const seconds = (performance.now() - started) / 1000
    show({
      items: { done: 0, failed: 0, skipped: 0, total: 1 },
      bytes: { done: bytes, total: bytes },
      planning: true,
      bytesPerSecond: seconds > 0 ? bytes / seconds : 0,
      active: [{ key: name, bytes }],
    })
  }
}

/** A row for each transfer, as many as fit, and the sums below them. */
export function progressRows(progress: TransferProgress, height: number): readonly string[] {
  const room = Math.max(0, Math.min(maxRows, height - 3))
  const rows = progress.active.slice(0, room).map(({ key, bytes, total }) => {
    const name = tail(harmless(key), nameWidth).padEnd(nameWidth)
    const share =
      total === undefined || total === 0 ? '    ' : `${String(Math.floor((bytes / total) * 100)).padStart(3)}%`
    const size = total === undefined ? bytesText(bytes) : `${bytesText(bytes)} of ${bytesText(total)}`
    return `  ${name}  ${share}  ${size}`
  })
  const hidden = progress.active.length - room
  if (hidden > 0) rows.push(styleText('dim', `  and ${hidden} more`, { stream: process.stderr }))
  return [...rows, styleText('bold', totalLine(progress), { stream: process.stderr })]
}

/** Items, bytes, speed and what remains, on one line. While it is still planned the sums are of what is known. */
export function totalLine({ items, bytes, planning, bytesPerSecond, remainingSeconds }: TransferProgress): string {
  const more = planning ? '+' : ''
  return [
    `${items.done + items.failed} of ${items.total}${more}`,
    `${bytesText(bytes.done)} of ${bytesText(bytes.total)}${more}`,
    `${bytesText(Math.round(bytesPerSecond))}/s`,
    ...(remainingSeconds === undefined ? [] : [`${secondsText(remainingSeconds)} left`]),
    ...(items.skipped === 0 ? [] : [`${items.skipped} skipped`]),
    ...(items.failed === 0 ? [] : [countText(items.failed, 'failure')]),
  ].join('  ·  ')
}

/** The end of a name tells more than its beginning. */
function tail(text: string, width: number): string {
  const characters = Array.from(text)
  return characters.length <= width ? text : `…${characters.slice(1 - width).join('')}`
}
