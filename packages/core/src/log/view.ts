import type { Found } from './inspect.ts'
import type { Position, Segment } from './log.ts'

/** What of a log one that has it open knows to be there. */
export interface LogView {
  /** The numbers of the segments that are kept, in their order, and where their records end. */
  readonly ends: Map<number, number>
  last: Position
}

export function setView(view: LogView, found: Found): void {
  view.ends.clear()
  for (const { id, end } of found.sealed) view.ends.set(id, end)
  view.ends.set(found.newest.id, found.end)
  view.last = found.last
}

export function segmentsOf(view: LogView): Segment[] {
  return [...view.ends].map(([id, bytes]) => ({ id, bytes }))
}
