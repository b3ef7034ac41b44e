import type { Change, PinRecord, StatePart } from './records.ts'

/** What is kept beside the blocks: names and pins, all in memory. */
export interface State {
  readonly refs: ReadonlyMap<string, string>
  /** By canonical CID. */
  readonly pins: ReadonlyMap<string, PinRecord>
  apply(change: Change): void
  /** Takes a part of a whole state; the last part makes the state that they are. */
  applyPart(part: StatePart): void
  /** All of it, as changes to nothing. */
  changes(): Change[]
}

export function emptyState(): State {
  const refs = new Map<string, string>()
  const pins = new Map<string, PinRecord>()
  let gathered: Change[] = []

  function apply(change: Change): void {
    if ('ref' in change) {
      if (change.cid === null) refs.delete(change.ref)
      else refs.set(change.ref, change.cid)
    } else if (change.is === null) pins.delete(change.pin)
    else pins.set(change.pin, change.is)
  }

  return {
    refs,
    pins,
    apply,
    applyPart({ part, parts, changes }) {
      if (part === 0) gathered = []
      gathered.push(...changes)
      if (part !== parts - 1) return
      refs.clear()
      pins.clear()
      for (const change of gathered) apply(change)
      gathered = []
    },
    changes: () => [...[...refs].map(([ref, cid]) => ({ ref, cid })), ...[...pins].map(([pin, is]) => ({ pin, is }))],
  }
}
