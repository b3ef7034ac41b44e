import { type Key, parseKey } from '@kit/core'

/** The folder, at the root of the store, that holds everything. See `docs/formats/content-over-paths.md`. */
export const folder = '.content'

export const blocksPrefix: string = `${folder}/blocks`
export const pinsPrefix: Key = parseKey(`${folder}/pins`)

/** The bytes of a file of several blocks, by the CID of its root. */
export function bodyKey(cid: string): Key {
  return parseKey(`${folder}/files/${cid.slice(-3, -1)}/${cid}`)
}

/** A CAR of the nodes above the leaves of that file; where it is, the body is. */
export function treeKey(cid: string): Key {
  return parseKey(`${bodyKey(cid)}.car`)
}

export function stagedKey(id: string): Key {
  return parseKey(`${folder}/staged/${id}`)
}

export function pinKey(cid: string): Key {
  return parseKey(`${pinsPrefix}/${cid}`)
}

/** Whether a key is one of these, and none of the program's. */
export function isOwn(key: string): boolean {
  return key === folder || key.startsWith(`${folder}/`)
}
