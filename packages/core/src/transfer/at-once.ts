import type { Store } from '../store/index.ts'

const otherwise = 8

/** How many objects two stores can be asked for at once: the hint of the one that takes fewer. */
export function atOnce(from: Store, to: Store): number {
  return Math.max(1, Math.min(hinted(from), hinted(to)))
}

function hinted({ capabilities }: Store): number {
  return capabilities.hints?.concurrency ?? otherwise
}
