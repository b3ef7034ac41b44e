import type { Store } from '../store/index.ts'

const otherwise = 8
/** Of stores that answer without delay more at once are not faster, and cost a fifth more: measured, file to file. */
const withoutDelay = 16

/** How many objects two stores can be asked for at once: the hint of the one that takes fewer. */
export function atOnce(from: Store, to: Store): number {
  const here = from.capabilities.hints?.latencyMs === 0 && to.capabilities.hints?.latencyMs === 0
  return Math.max(1, Math.min(hinted(from), hinted(to), here ? withoutDelay : Number.POSITIVE_INFINITY))
}

function hinted({ capabilities }: Store): number {
  return capabilities.hints?.concurrency ?? otherwise
}
