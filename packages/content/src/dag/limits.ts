import { storageError } from '@kit/core'

/** Bounds on DAGs that others made. Whoever goes beyond them gets TooLarge, not the machine's last memory. */
export interface DagLimits {
  /** Blocks from the root down to the deepest leaf. Default 64; a balanced file of 1 EiB has 6. */
  readonly depth?: number | undefined
  /** Links that are held at once while a DAG is walked. Default 262,144: five full blocks of them. */
  readonly links?: number | undefined
  /** Different blocks of one walk over a whole DAG. Default 16,777,216. */
  readonly blocks?: number | undefined
}

export type KnownLimits = { readonly [Name in keyof DagLimits]-?: number }

export function knownLimits({ depth = 64, links = 1 << 18, blocks = 1 << 24 }: DagLimits = {}): KnownLimits {
  return { depth, links, blocks }
}

export function tooDeep(cid: string, limits: KnownLimits): Error {
  return storageError('TooLarge', `the DAG is deeper than ${limits.depth} blocks, at ${cid}`)
}

export function tooManyLinks(cid: string, limits: KnownLimits): Error {
  return storageError('TooLarge', `more than ${limits.links} links are open at once in the DAG, at ${cid}`)
}
