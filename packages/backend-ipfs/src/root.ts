import { parseKey, storageError } from '@kit/core'

/** The directory as a prefix of paths: `/kit`, and '' for all files. @throws InvalidConfig */
export function rootOf(given: string = '/kit'): string {
  if (!given.startsWith('/'))
    throw storageError('InvalidConfig', `root: it begins with "/", and ${JSON.stringify(given)} does not`)
  const key = parseKey(given.replace(/^\//, '').replace(/\/$/, ''))
  if (/^(?:ipfs|ipns)(?:\/|$)/.test(key)) {
    throw storageError('InvalidConfig', `root: ${given} would be taken for content: choose another name`)
  }
  return key === '' ? '' : `/${key}`
}
