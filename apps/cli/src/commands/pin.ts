import type { Operation, Pin, PinMode } from '@kit/core'
import { cidAt, contentPlace } from '../content/content-place.ts'
import { failureOf, givenUp, hinting, type CommandResult } from '../outcome.ts'
import { printable } from '../printable.ts'
import { parseCount } from '../quantities.ts'
import type { Session } from '../session.ts'

export interface PinWords {
  readonly store?: string
}

export interface PinAddOptions extends PinWords {
  readonly name?: string
  readonly direct?: boolean
}

export interface PinListOptions extends PinWords {
  readonly name?: string
  readonly mode?: string
  readonly limit?: string
  readonly cursor?: string
}

const needs: readonly Operation[] = ['pins']
const notPinned = { NotFound: '`kit pin ls` lists what is pinned.' }

/** Pins content: a collection leaves it alone, with all that is below it. */
export async function pinAdd(
  session: Session,
  targets: readonly string[],
  { name, direct, store }: PinAddOptions,
): Promise<CommandResult> {
  const mode = direct === true ? 'direct' : 'recursive'
  return eachTarget(session, targets, 'pinned', async (target) => {
    const place = await contentPlace(session, target, { store, needs })
    const cid = await cidAt(session, place)
    return place.store.pins.add(cid, { mode, name }, session.call)
  })
}

/** Takes pins away. What they held stays until the next collection. */
export async function pinRm(session: Session, targets: readonly string[], { store }: PinWords): Promise<CommandResult> {
  return eachTarget(session, targets, 'unpinned', async (target) => {
    const place = await contentPlace(session, target, { store, needs })
    const cid = await cidAt(session, place)
    await hinting(notPinned, () => place.store.pins.remove(cid, session.call))
    return { cid }
  })
}

/** Tells how one CID is pinned, also where a pin above it holds it. @throws NotFound where it is not */
export async function pinInfo(session: Session, target: string, { store }: PinWords): Promise<CommandResult> {
  const place = await contentPlace(session, target, { store, needs })
  const cid = await cidAt(session, place)
  const pin = await hinting(notPinned, () => place.store.pins.get(cid, session.call))
  if (!session.output.json) await session.output.write(lineOf(pin))
  return { fields: { pin } }
}

/** Lists pins, page by page. */
export async function pinLs(session: Session, options: PinListOptions): Promise<CommandResult> {
  const { output, call } = session
  const { name, limit: text } = options
  const limit = text === undefined ? undefined : parseCount('--limit', text)
  const mode = modeOf(options.mode)
  const { store } = await session.configured(options.store, needs)
  let pins = 0
  let { cursor } = options
  let cut = false
  const listed = store.pins.list({ name, mode, cursor, limit }, call)
  for await (const page of listed) {
    const shown = limit === undefined ? page.pins : page.pins.slice(0, limit - pins)
    cut = shown.length < page.pins.length
    pins += shown.length
    if (output.json) await output.lines(shown.map((pin) => ({ type: 'pin', ...pin })))
    else if (shown.length > 0) await output.write(shown.map(lineOf).join(''))
    ;({ cursor } = page)
    if (cut || pins === limit) break
  }
  // A page is gone on from at its end only.
  const next = cut || pins !== limit ? undefined : cursor
  if (next !== undefined) output.note(`kit: there may be more: --cursor ${next}\n`)
  return { fields: { pins, cursor: next, ...(cut && { truncated: true }) } }
}

function modeOf(text: string | undefined): PinMode | undefined {
  return text === 'recursive' || text === 'direct' || text === 'indirect' ? text : undefined
}

/** CID, mode, and where they are not what they are for most: status and name. */
function lineOf({ cid, mode, name, status }: Pin): string {
  const more = [...(status === 'pinned' ? [] : [status]), ...(name === undefined ? [] : [printable(name)])]
  return `${[cid, mode.padEnd('recursive'.length), ...more].join('  ').trimEnd()}\n`
}

/** Goes on with the next where one fails. */
async function eachTarget(
  { output, signal }: Session,
  targets: readonly string[],
  type: 'pinned' | 'unpinned',
  work: (target: string) => Promise<Pick<Pin, 'cid'>>,
): Promise<CommandResult> {
  const failures: unknown[] = []
  let done = 0
  for (const target of targets) {
    try {
      const pin = await work(target)
      done++
      await output.lines([{ type, target, ...pin }])
      if (!output.json) await output.write(`${pin.cid}\n`)
    } catch (error) {
      if (signal.aborted) throw givenUp(signal, true)
      failures.push(error)
      await output.lines([{ type: 'failed', address: target, error: failureOf(error) }])
    }
  }
  return { fields: { [type]: done, failed: failures.length }, failures, partly: done > 0 }
}
