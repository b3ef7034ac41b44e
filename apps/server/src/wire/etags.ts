import type { Etag } from '@kit/core'
import { refusal } from '../answers.ts'

/** Of If-Match and If-None-Match: any state at all, or one of these, as HTTP spells them. */
export type EtagList = '*' | readonly string[]

const entityTag = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/
const listItem = /[\t ]*((?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")[\t ]*(?:,|$)|[\t ]*,/y

/** A store's etag as HTTP spells one: as it is where it has that form, else in quotes. */
export function httpEtag(etag: Etag | undefined): string | undefined {
  if (etag === undefined || entityTag.test(etag)) return etag
  const weak = etag.startsWith('W/')
  return `${weak ? 'W/' : ''}"${encodeURIComponent((weak ? etag.slice(2) : etag).toWellFormed())}"`
}

/** @throws InvalidConfig: a condition that is not understood is not skipped */
export function parseEtags(name: string, header: string | undefined): EtagList | undefined {
  if (header === undefined) return undefined
  if (header.trim() === '*') return '*'
  const etags: string[] = []
  listItem.lastIndex = 0
  while (listItem.lastIndex < header.length) {
    const item = listItem.exec(header)
    if (item === null) throw refusal('InvalidConfig', `${name} takes * or etags in double quotes`)
    if (item[1] !== undefined) etags.push(item[1])
  }
  if (etags.length === 0) throw refusal('InvalidConfig', `${name} takes * or etags in double quotes`)
  return etags
}

export function isStrong(etag: string | undefined): etag is string {
  return etag !== undefined && !etag.startsWith('W/')
}

/** Both strong and equal. */
export function matchesStrongly(list: EtagList, etag: string | undefined): boolean {
  return list === '*' || (isStrong(etag) && list.includes(etag))
}

/** Equal, whether weak or not. */
export function matchesWeakly(list: EtagList, etag: string | undefined): boolean {
  if (list === '*') return true
  return etag !== undefined && list.some((other) => opaque(other) === opaque(etag))
}

function opaque(etag: string): string {
  return etag.replace(/^W\//, '')
}
