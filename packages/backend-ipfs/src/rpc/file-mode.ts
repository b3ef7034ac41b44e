import { storageError } from '@kit/core'

/** Go's `fs.FileMode` has setuid, setgid and sticky elsewhere than POSIX, and the kind of file above them. */
const special = [
  [0o4000, 2 ** 23],
  [0o2000, 2 ** 22],
  [0o1000, 2 ** 20],
] as const
const symlink = 2 ** 27

const has = (mode: number, bit: number): boolean => Math.floor(mode / bit) % 2 === 1

/** POSIX permission bits of a mode as Kubo tells it; `undefined` where it keeps none. */
export function posixMode(mode: number): number | undefined {
  if (mode === 0 || has(mode, symlink)) return undefined
  return special.reduce((bits, [posix, go]) => bits + (has(mode, go) ? posix : 0), mode % 0o1000)
}

export function isSymlink(mode: number): boolean {
  return has(mode, symlink)
}

/** A mode as Kubo takes it. @throws Unsupported for 0, which it takes for none */
export function goMode(mode: number): number {
  if (mode === 0) throw storageError('Unsupported', 'Kubo cannot keep a mode of 0: it takes that for none')
  return special.reduce((bits, [posix, go]) => bits + (has(mode, posix) ? go : 0), mode % 0o1000)
}

/** A time as whole seconds and the rest, also before 1970. @throws Unsupported for the first second of 1970, which Kubo takes for none */
export function unixTime(time: Date): { readonly seconds: number; readonly nanoseconds: number } {
  const seconds = Math.floor(time.getTime() / 1000)
  if (seconds === 0)
    throw storageError('Unsupported', 'Kubo cannot keep the first second of 1970: it takes that for none')
  return { seconds, nanoseconds: (time.getTime() - seconds * 1000) * 1_000_000 }
}
