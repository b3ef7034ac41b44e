import { storageError } from '@kit/core'
import { parseCid } from '../cid/index.ts'

/** A path of content: a CID, and the names below it. */
export interface ContentPath {
  /** Canonical. */
  readonly cid: string
  readonly names: readonly string[]
  /** `CID/name/…`, with the CID in its canonical text. */
  readonly text: string
}

/** Longest path in UTF-16 units, and names in it. */
const maxLength = 32_768
const maxNames = 1024

/** Reads `CID` or `CID/path`. @throws InvalidKey */
export function parseContentPath(text: string): ContentPath {
  const slash = text.indexOf('/')
  const { text: cid } = parseCid(slash < 0 ? text : text.slice(0, slash))
  if (slash < 0) return { cid, names: [], text: cid }
  const names = text.slice(slash + 1).split('/')
  if (text.length > maxLength || names.length > maxNames) throw storageError('InvalidKey', 'the path is too long')
  for (const name of names) {
    if (name === '' || name === '.' || name === '..' || name.includes('\0') || !name.isWellFormed()) {
      throw storageError('InvalidKey', `no name in a path is ${JSON.stringify(name)}`)
    }
  }
  return { cid, names, text: `${cid}/${names.join('/')}` }
}
