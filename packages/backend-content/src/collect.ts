import type { BlockCall, Retention } from '@kit/content'
import { errorCode, throwIfAborted } from '@kit/core'
import { compact } from './compact.ts'
import type { Packs } from './packs.ts'
import { headRef } from './refs.ts'
import { frozenTree } from './tree.ts'
import { cannotTell, markOne, noMarks, walk, type Marks } from './walk.ts'

/** Rows that are looked at without a pause. */
const stepRows = 1 << 14

/**
 * Takes away the blocks that nothing needs, and gives the space of segments that hold little else back. What is needed: everything below pins and
 * below the kept versions of the tree; and whatever was put while a lease was open, or since this began.
 *
 * Nothing goes before all that is needed is known. Every step leaves a whole store behind: it may end anywhere, also by a crash, and the next
 * collection goes on from there.
 */
export async function* collect(
  packs: Packs,
  keep: Retention,
  call: BlockCall,
): AsyncGenerator<{ readonly cid: string; readonly bytes: number }> {
  const { index, leases } = packs
  const { from, heads } = leases.collection()
  // Names and pins that come from now on lead to blocks that are marked here or were put since: see `docs/formats/content-store.md`.
  const marks = await markLive(packs, heads, keep, call)
  const last = index.rows
  let removed = false
  for (let start = 0; start < last; start += stepRows) {
    throwIfAborted(call.signal)
    const end = Math.min(last, start + stepRows)
    for (let row = start; row < end; row++) {
      if (!isDead(packs, marks, from, row)) continue
      const bytes = index.placeOf(row).size
      const cid = await cidBeforeItGoes(packs, row)
      // It may have been put again while its CID was read.
      if (!isDead(packs, marks, from, row)) continue
      index.remove(row)
      removed = true
      if (cid !== undefined) yield { cid, bytes }
    }
    await new Promise(setImmediate)
  }
  // Else what was taken would be back when the store is opened again.
  if (!(await compact(packs, call)) && removed) await packs.save()
}

function isDead({ index }: Packs, marks: Marks, from: number, row: number): boolean {
  return index.holds(row) && !marks.has(row) && index.epochOf(row) < from
}

async function markLive(packs: Packs, heads: readonly string[], keep: Retention, call: BlockCall): Promise<Marks> {
  const marks = noMarks()
  const { refs, pins } = packs.state
  for (const [cid, { mode }] of pins) {
    if (mode === 'direct') markOne(packs, cid, marks)
    else
      await walk(packs, cid, marks, call).catch((error: unknown) => Promise.reject(cannotTell(error, `the pin ${cid}`)))
  }
  for (const [name, cid] of refs) {
    if (name !== headRef) await walk(packs, cid, marks, call)
  }
  const current = refs.get(headRef)
  for (const head of new Set([...heads, ...(current === undefined ? [] : [current])])) {
    try {
      await markHistory(packs, head, keep, marks, call)
    } catch (error) {
      throw cannotTell(error, 'a kept version of the tree')
    }
  }
  return marks
}

async function markHistory(packs: Packs, head: string, keep: Retention, marks: Marks, call: BlockCall): Promise<void> {
  for await (const { commit, root } of frozenTree(packs, head, keep).retained(call)) {
    markOne(packs, commit, marks)
    await walk(packs, root, marks, call)
  }
}

/** Of a block whose record cannot be read, nobody can tell any more what it was called. */
async function cidBeforeItGoes(packs: Packs, row: number): Promise<string | undefined> {
  try {
    return (await packs.cidOf(row)).text
  } catch (error) {
    const code = errorCode(error)
    if (code === 'Corrupt' || code === 'NotFound') return undefined
    throw error
  }
}
