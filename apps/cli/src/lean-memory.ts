import { setFlagsFromString } from 'node:v8'

/** Verbs that look through listings in order, of which a part is held while it is sorted. */
const walking: ReadonlySet<string> = new Set(['ls', 'tree', 'du', 'check', 'sync'])

/**
 * Has V8 collect sooner than it would by itself: entries live just long enough to be taken for lasting ones, and their garbage would grow to
 * several times of what is held. Measured: `ls -r` of 300,000 entries peaks at 150 instead of 310 MB and takes a tenth longer.
 */
export function leanMemory(verb: string): void {
  if (!walking.has(verb)) return
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--heap-growing-percent=70')
}
