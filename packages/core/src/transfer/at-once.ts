import type { Store } from '../store/index.ts'

const otherwise = 8
/** Of stores that answer without delay more at once are not faster, and cost a fifth more: measured, file to file. */
const withoutDelay = 16
/** Small files of this machine are copied by another thread, which is to have some waiting. */
const betweenFiles = 32

/** How many objects two stores can be asked for at once: the hint of the one that takes fewer. */
export function atOnce(from: Store, to: Store): number {
  const most = bothFiles(from, to) ? betweenFiles : bothLocal(from, to) ? withoutDelay : Number.POSITIVE_INFINITY
  return Math.max(1, Math.min(hinted(from), hinted(to), most))
}

/** Whether both answer without delay. */
export function bothLocal(from: Store, to: Store): boolean {
  return from.capabilities.hints?.latencyMs === 0 && to.capabilities.hints?.latencyMs === 0
}

/** Whether objects of both are files of this machine, so that one can be copied to the other without being read here. */
export function bothFiles(from: Store, to: Store): boolean {
  return from.capabilities.hints?.localFiles === true && to.capabilities.hints?.localFiles === true
}

function hinted({ capabilities }: Store): number {
  return capabilities.hints?.concurrency ?? otherwise
}
