import { checkBlock, type BlockCall } from '@kit/content'
import { errorCode, throwIfAborted } from '@kit/core'
import { parseName } from './block-name.ts'
import { noLeases } from './leases.ts'
import { openPacks } from './open-packs.ts'
import type { Packs } from './packs.ts'
import { headRef } from './refs.ts'
import { frozenTree } from './tree.ts'
import { noMarks, walk } from './walk.ts'

export interface ScrubOptions {
  /** Folder of the store, which another process, or this one, may have open. */
  readonly path: string
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: ScrubProgress) => void) | undefined
}

/** In blocks and their bytes. */
export interface ScrubProgress {
  readonly blocks: number
  readonly bytes: number
  readonly totalBlocks: number
  readonly totalBytes: number
}

/** A block that is not what it was when it was put. */
export interface Damage {
  /** Absent where not even its name can be read. */
  readonly cid: string | undefined
  readonly segment: number
  /** Of its record, in the segment's file. */
  readonly offset: number
  readonly bytes: number
  readonly reason: string
}

export interface ScrubReport {
  readonly blocks: number
  readonly bytes: number
  readonly damages: readonly Damage[]
  /** What cannot be read whole any more: pins by CID, and whether the newest version of the tree can. */
  readonly lost: { readonly pins: readonly string[]; readonly tree: boolean }
}

/**
 * Reads every block of a store and checks it against its hash. Changes nothing: a damaged block is put right by putting it again.
 * @throws Corrupt where the store cannot even be opened; Aborted
 */
export async function scrub(options: ScrubOptions): Promise<ScrubReport> {
  const call = { signal: options.signal ?? new AbortController().signal }
  throwIfAborted(call.signal)
  const packs = await openPacks({ folder: options.path, durable: 'process', readOnly: true, leases: noLeases() })
  try {
    const { index } = packs
    const damages: Damage[] = []
    const broken = new Set<number>()
    const done = { blocks: 0, bytes: 0 }
    const total = { totalBlocks: index.count, totalBytes: index.bytes }
    for (const row of rowsAsTheyLie(packs)) {
      throwIfAborted(call.signal)
      const { segment, at, size } = index.placeOf(row)
      const damage = await damageOf(packs, row, call)
      if (damage !== undefined) {
        damages.push({ ...damage, segment, offset: at, bytes: size })
        broken.add(row)
      }
      done.blocks++
      done.bytes += size
      options.onProgress?.({ ...done, ...total })
    }
    const lost = damages.length === 0 ? { pins: [], tree: false } : await lossOf(packs, broken, call)
    return { ...done, damages, lost }
  } finally {
    await packs.close()
  }
}

/** Rows by segment and offset, so that the disk is read in one direction. */
function rowsAsTheyLie({ index }: Packs): Float64Array {
  const places: number[] = []
  for (let row = 0; row < index.rows; row++) if (index.holds(row)) places.push(row)
  return Float64Array.from(places).toSorted((one, other) => {
    const [a, b] = [index.placeOf(one), index.placeOf(other)]
    return a.segment - b.segment || a.at - b.at
  })
}

async function damageOf(
  packs: Packs,
  row: number,
  call: BlockCall,
): Promise<Pick<Damage, 'cid' | 'reason'> | undefined> {
  let cid: string | undefined
  try {
    const named = await packs.cidOf(row)
    cid = named.text
    const bytes = await packs.get(named, call)
    checkBlock(named, bytes)
    return undefined
  } catch (error) {
    const code = errorCode(error)
    // Collected while this ran.
    if (code === 'NotFound') return undefined
    if (code !== 'Corrupt') throw error
    return { cid, reason: error instanceof Error ? error.message : String(error) }
  }
}

async function lossOf(packs: Packs, broken: ReadonlySet<number>, call: BlockCall): Promise<ScrubReport['lost']> {
  const isWhole = async (root: string): Promise<boolean> => {
    let whole = true
    const reached = (row: number): void => {
      if (broken.has(row)) whole = false
    }
    return (await succeeds(() => walk(packs, root, noMarks(), call, reached))) && whole
  }
  const pins: string[] = []
  for (const [cid, { mode }] of packs.state.pins) {
    const row = packs.index.find(parseName(cid))
    if (mode === 'direct' ? row < 0 || broken.has(row) : !(await isWhole(cid))) pins.push(cid)
  }
  const head = packs.state.refs.get(headRef)
  if (head === undefined) return { pins, tree: false }
  let root: string | undefined
  const told = await succeeds(async () => {
    root = (await frozenTree(packs, head, {}).head(call))?.root
  })
  return { pins, tree: !told || (root !== undefined && !(await isWhole(root))) }
}

async function succeeds(look: () => Promise<void>): Promise<boolean> {
  try {
    await look()
    return true
  } catch (error) {
    const code = errorCode(error)
    if (code === 'Corrupt' || code === 'NotFound') return false
    throw error
  }
}
