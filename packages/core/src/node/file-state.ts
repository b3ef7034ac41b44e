import type { Stats } from 'node:fs'

/** Names one state of one file of this machine, for `LocalFile`: it is another as soon as the file, its bytes or its times are others. */
export function fileState({
  dev,
  ino,
  size,
  mtimeMs,
  ctimeMs,
}: Pick<Stats, 'dev' | 'ino' | 'size' | 'mtimeMs' | 'ctimeMs'>): string {
  return `${dev}-${ino}-${size}-${mtimeMs}-${ctimeMs}`
}
