import { parseCid, type BlockCall } from '@kit/content'
import { storageError, throwIfAborted, type Pin, type PinFilter, type PinOptions, type Pins } from '@kit/core'
import { nameOf } from './block-name.ts'
import { readOnlyStore, type Packs } from './packs.ts'
import type { PinChange, PinRecord } from './records.ts'
import { noMarks, walk, type Marks } from './walk.ts'

const usualPage = 1000

/** The pins of a store. `current` opens it where it is not open yet, and reads what another process has written. */
export function pinsOf(current: (call: BlockCall) => Promise<Packs>): Pins {
  return {
    async add(call, text, options) {
      const packs = await writable(current, call)
      const cid = parseCid(text).text
      // What is below is there, and stays, before the pin is.
      using _ = packs.leases.begin(undefined)
      const is = recordOf(options)
      if (is.mode === 'recursive')
        await walk(packs, cid, noMarks(), call, (row) => packs.index.touch(row, packs.leases.epoch))
      else await touchOne(packs, cid)
      await packs.change(`pin ${cid}`, () => changeTo(cid, is, packs.state.pins.get(cid)))
      return pinOf(cid, packs.state.pins.get(cid) ?? is)
    },
    async remove(call, text) {
      const packs = await writable(current, call)
      const cid = parseCid(text).text
      const done = await packs.change(`pin ${cid}`, () =>
        packs.state.pins.has(cid) ? { pin: cid, is: null } : undefined,
      )
      if (done === undefined) throw storageError('NotFound', `${cid} is not pinned by itself`)
    },
    async get(call, text) {
      const packs = await current(call)
      const cid = parseCid(text).text
      const is = packs.state.pins.get(cid)
      if (is !== undefined) return pinOf(cid, is)
      const row = packs.index.find(nameOf(parseCid(cid)))
      if (row >= 0 && (await belowPins(packs, call)).has(row)) return { cid, mode: 'indirect', status: 'pinned' }
      throw storageError('NotFound', `${cid} is not pinned`)
    },
    async *list(call, filter) {
      const packs = await current(call)
      yield* filter.mode === 'indirect' ? listIndirect(packs, filter, call) : listOwn(packs, filter, call)
    },
  }
}

async function writable(current: (call: BlockCall) => Promise<Packs>, call: BlockCall): Promise<Packs> {
  const packs = await current(call)
  if (packs.readOnly) throw readOnlyStore()
  return packs
}

/** A pin as it is kept. @throws Unsupported for more copies than the one there is */
function recordOf({ mode = 'recursive', name, copies, metadata }: PinOptions): PinRecord {
  if (copies !== undefined && copies.min > 1) {
    throw storageError('Unsupported', `${copies.min} copies are asked for; an embedded store has one of everything`)
  }
  return { mode, ...(name === undefined ? {} : { name }), ...(metadata === undefined ? {} : { metadata }) }
}

/** Nothing where it is so already. */
export function changeTo(cid: string, is: PinRecord, was: PinRecord | undefined): PinChange | undefined {
  if (was?.mode === 'recursive' && is.mode === 'direct') {
    throw storageError('AlreadyExists', `${cid} is pinned with all that is below it; remove that pin to pin it alone`)
  }
  // Who pins again, and says nothing of name and metadata, takes neither away.
  const kept = { ...was, ...is }
  return JSON.stringify(was) === JSON.stringify(kept) ? undefined : { pin: cid, is: kept }
}

async function touchOne(packs: Packs, text: string): Promise<void> {
  const cid = parseCid(text)
  if (!(await packs.has(cid))) throw storageError('NotFound', `the block ${text} is not in the store`)
  const row = packs.index.find(nameOf(cid))
  if (row >= 0) packs.index.touch(row, packs.leases.epoch)
}

function pinOf(cid: string, { mode, name, metadata }: PinRecord): Pin {
  return { cid, mode, name, metadata, status: 'pinned', copies: 1 }
}

async function* listOwn(
  packs: Packs,
  { name, mode, cursor, limit = usualPage }: PinFilter,
  { signal }: BlockCall,
): AsyncGenerator<{ pins: Pin[]; cursor?: string | undefined }> {
  const cids = [...packs.state.pins.keys()].filter((cid) => cursor === undefined || cid > cursor).toSorted()
  let page: Pin[] = []
  for (const cid of cids) {
    throwIfAborted(signal)
    const is = packs.state.pins.get(cid)
    if (is === undefined || (mode !== undefined && is.mode !== mode)) continue
    if (name !== undefined && is.name?.includes(name) !== true) continue
    if (page.length === limit) {
      yield { pins: page, cursor: page.at(-1)?.cid }
      page = []
    }
    page.push(pinOf(cid, is))
  }
  if (page.length > 0) yield { pins: page }
}

/** Blocks below recursive pins that are not pinned themselves, in the order of their hashes. They have no names. */
async function* listIndirect(
  packs: Packs,
  { name, cursor, limit = usualPage }: PinFilter,
  call: BlockCall,
): AsyncGenerator<{ pins: Pin[]; cursor?: string | undefined }> {
  if (name !== undefined) return
  const { index } = packs
  const after = cursor === undefined ? undefined : nameOf(parseCid(cursor)).digest
  const marks = await belowPins(packs, call)
  const rows: number[] = []
  for (let row = 0; row < index.rows; row++) {
    if (!marks.has(row) || !index.holds(row)) continue
    if (after === undefined || index.compare(row, after) > 0) rows.push(row)
  }
  rows.sort((one, other) => index.compare(one, index.digestOf(other)))
  let page: Pin[] = []
  for (const row of rows) {
    throwIfAborted(call.signal)
    const cid = (await packs.cidOf(row)).text
    if (packs.state.pins.has(cid)) continue
    if (page.length === limit) {
      yield { pins: page, cursor: page.at(-1)?.cid }
      page = []
    }
    page.push({ cid, mode: 'indirect', status: 'pinned' })
  }
  if (page.length > 0) yield { pins: page }
}

/** Recursive pins and everything below them. */
async function belowPins(packs: Packs, call: BlockCall): Promise<Marks> {
  const marks = noMarks()
  for (const [cid, { mode }] of packs.state.pins) {
    if (mode === 'recursive') await walk(packs, cid, marks, call)
  }
  return marks
}
