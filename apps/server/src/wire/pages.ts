/** Listings a page at a time, with cursors that say nothing to whoever carries them. */
import type { ListCall, Store, StoreEntry } from '@kit/core'
import type { Access } from '../access/access.ts'
import { refusal } from '../answers.ts'
import { entryJson } from './attributes.ts'
import type { Seal } from './seal.ts'

/** What a request lists. */
export interface Asked {
  readonly access: Access
  readonly store: Store
  /** Of the store, as the server names it. */
  readonly name: string
  readonly directory: string
  readonly call: ListCall
  readonly seal: Seal
}

export interface ListedPage {
  readonly entries: readonly object[]
  readonly next?: string
}

/** Where a listing goes on: after a key, or where the store itself says. Good only for the listing it is of. */
type Place = { readonly after: string } | { readonly cursor: string }

/** @throws InvalidConfig where the cursor is of another listing, or of none */
export async function pageOf(
  asked: Asked,
  cursor: string | undefined,
  ordered: boolean,
  limit: number,
): Promise<ListedPage> {
  const place = cursor === undefined ? undefined : openCursor(asked, ordered, cursor)
  return !ordered && isPaged(asked) ? nativePage(asked, place, limit) : orderedPage(asked, place, ordered, limit)
}

/** Whether the store itself goes on by cursor with this listing. */
function isPaged({ store, call }: Asked): boolean {
  const { list } = store.capabilities
  return list?.cursor === true && call.after === undefined && (call.recursive !== true || list.recursive === 'native')
}

/** In the order of keys, so that the last key says where to go on. */
async function orderedPage(
  asked: Asked,
  place: Place | undefined,
  ordered: boolean,
  limit: number,
): Promise<ListedPage> {
  const { access, store, name, directory, call } = asked
  const after = place !== undefined && 'after' in place ? place.after : call.after
  const entries: StoreEntry[] = []
  let more = false
  const pages = store.list(directory, { ...call, after, ordered: true, limit: Math.min(limit + 1, pageLimit(store)) })
  for await (const page of pages.pages()) {
    const seen = page.entries.flatMap((entry) => access.listed(name, entry) ?? [])
    entries.push(...seen.slice(0, limit - entries.length + 1))
    more = entries.length > limit
    if (more) break
  }
  const shown = entries.slice(0, limit)
  const last = shown.at(-1)
  const told = { entries: shown.map(entryJson) }
  return more && last !== undefined ? { ...told, next: closeCursor(asked, ordered, { after: last.key }) } : told
}

/** As the store pages: one of its pages, which may hold fewer than were asked for. */
async function nativePage(asked: Asked, place: Place | undefined, limit: number): Promise<ListedPage> {
  const { access, store, name, directory, call } = asked
  const cursor = place !== undefined && 'cursor' in place ? place.cursor : undefined
  const listing = store.list(directory, { ...call, cursor, limit: Math.min(limit, pageLimit(store)) })
  for await (const page of listing.pages()) {
    const entries = page.entries.flatMap((entry) => access.listed(name, entry) ?? []).map(entryJson)
    return page.cursor === undefined
      ? { entries }
      : { entries, next: closeCursor(asked, false, { cursor: page.cursor }) }
  }
  return { entries: [] }
}

function pageLimit(store: Store): number {
  return store.capabilities.list?.pageMax ?? 1000
}

function listingOf({ name, directory, call }: Asked, ordered: boolean): readonly unknown[] {
  return [name, directory, call.recursive === true, ordered]
}

function closeCursor(asked: Asked, ordered: boolean, place: Place): string {
  return asked.seal.close('cursor', [...listingOf(asked, ordered), place])
}

function openCursor(asked: Asked, ordered: boolean, cursor: string): Place {
  const wanted = listingOf(asked, ordered)
  const opened = asked.seal.open('cursor', cursor)
  if (Array.isArray(opened) && wanted.every((part, index) => opened[index] === part)) {
    const place: unknown = opened[wanted.length]
    if (isPlace(place)) return place
  }
  throw refusal('InvalidConfig', 'the cursor is not one that this listing gave: begin it anew, or go on with `after`')
}

function isPlace(value: unknown): value is Place {
  return typeof value === 'object' && value !== null && ('after' in value || 'cursor' in value)
}
