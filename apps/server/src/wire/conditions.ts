/** Conditional requests as RFC 9110 §13 has them. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Entry } from '@kit/core'
import { httpEtag, matchesStrongly, matchesWeakly, parseEtags, type EtagList } from './etags.ts'

export interface Conditions {
  readonly ifMatch: EtagList | undefined
  readonly ifNoneMatch: EtagList | undefined
  /** Unix ms. */
  readonly ifModifiedSince: number | undefined
  /** Unix ms. */
  readonly ifUnmodifiedSince: number | undefined
}

/** @throws InvalidConfig */
export function conditionsOf(headers: IncomingHttpHeaders): Conditions {
  if (
    headers['if-match'] === undefined &&
    headers['if-none-match'] === undefined &&
    headers['if-modified-since'] === undefined &&
    headers['if-unmodified-since'] === undefined
  ) {
    return unconditional
  }
  return {
    ifMatch: parseEtags('If-Match', headers['if-match']),
    ifNoneMatch: parseEtags('If-None-Match', headers['if-none-match']),
    ifModifiedSince: parseDate(headers['if-modified-since']),
    ifUnmodifiedSince: parseDate(headers['if-unmodified-since']),
  }
}

const unconditional: Conditions = {
  ifMatch: undefined,
  ifNoneMatch: undefined,
  ifModifiedSince: undefined,
  ifUnmodifiedSince: undefined,
}

export function isConditional(conditions: Conditions): boolean {
  return conditions !== unconditional && Object.values(conditions).some((condition) => condition !== undefined)
}

/** One that is no date is ignored, as the RFC says. */
function parseDate(header: string | undefined): number | undefined {
  const time = header === undefined ? Number.NaN : Date.parse(header)
  return Number.isNaN(time) ? undefined : time
}

/** HTTP dates have whole seconds. */
export function wholeSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000) * 1000
}

/** What the conditions make of the object that is there, or of its absence, in the order of §13.2.2. */
export function evaluate(
  conditions: Conditions,
  there: Entry | undefined,
  method: 'read' | 'change',
): 'proceed' | 'not modified' | 'failed' {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions
  const etag = httpEtag(there?.etag)
  const modified = there?.modified === undefined ? undefined : wholeSeconds(there.modified)
  if (ifMatch !== undefined) {
    if (there === undefined || !matchesStrongly(ifMatch, etag)) return 'failed'
  } else if (ifUnmodifiedSince !== undefined) {
    if (there === undefined || (modified !== undefined && modified > ifUnmodifiedSince)) return 'failed'
  }
  if (ifNoneMatch !== undefined) {
    if (there === undefined || !matchesWeakly(ifNoneMatch, etag)) return 'proceed'
    return method === 'read' ? 'not modified' : 'failed'
  }
  const same = method === 'read' && ifModifiedSince !== undefined && modified !== undefined
  return same && modified <= ifModifiedSince ? 'not modified' : 'proceed'
}

/** Whether If-Range lets the range be served: the same strong etag, or the same date where that is old enough to be trusted. */
export function ifRangeHolds(header: string, there: Entry, now: number = Date.now()): boolean {
  const given = header.trim()
  if (/^(?:W\/)?"/.test(given)) return matchesStrongly([given], httpEtag(there.etag))
  const date = parseDate(given)
  if (date === undefined || there.modified === undefined) return false
  return wholeSeconds(there.modified) === date && now - date >= 1000
}
