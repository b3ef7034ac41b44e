import { cidOf, encodeUnixFs, type Profile, type SizedChild } from '../../src/index.ts'

export const profiles = ['unixfs-v1-2025', 'unixfs-v0-2015'] as const satisfies Profile[]
export const signal: AbortSignal = new AbortController().signal

/** The link to a file of one block that holds the text. */
export function fileOf(text: string, profile: Profile): SizedChild {
  const data = new TextEncoder().encode(text)
  const bytes =
    profile === 'unixfs-v1-2025' ? data : encodeUnixFs({ type: 'file', links: [], data, fileSize: data.byteLength })
  const cid = profile === 'unixfs-v1-2025' ? cidOf('raw', bytes) : cidOf('dag-pb', bytes, { version: 0 })
  return { cid, size: bytes.byteLength }
}

/**
 * Files whose directory has so many bytes more than the largest that is not sharded, by the estimate of the profile.
 * Their names are long, so that there are few of them.
 */
export function filesAtLimit(profile: Profile, more: number): Map<string, string> {
  const files = new Map<string, string>()
  const { cid, size } = fileOf('x', profile)
  const cidBytes = profile === 'unixfs-v1-2025' ? 36 : 34
  const weigh = (name: number): number =>
    profile === 'unixfs-v0-2015'
      ? name + cidBytes
      : encodeUnixFs({ type: 'directory', links: [{ name: 'n'.repeat(name), cid, size }] }).byteLength - 4
  // The data of a directory takes 4 bytes of its block.
  let left = 256 * 1024 + more - (profile === 'unixfs-v0-2015' ? 0 : 4)
  while (left > 2 * weigh(200)) {
    files.set(`${files.size}-`.padEnd(200, 'n'), 'x')
    left -= weigh(200)
  }
  const last = [...Array(230).keys()].find((name) => name > 60 && weigh(name) + weigh(150) === left)
  if (last === undefined) {
    files.set('first'.padEnd(151, 'n'), 'x')
    const other = [...Array(250).keys()].find((name) => name > 10 && weigh(name) + weigh(151) === left)
    if (other === undefined) throw new Error(`no two names fill ${left} bytes`)
    return files.set('last'.padEnd(other, 'n'), 'x')
  }
  return files.set('first'.padEnd(150, 'n'), 'x').set('last'.padEnd(last, 'n'), 'x')
}
