/** What `stat` of `node:fs` tells of a file, as far as it names the file's state. */
export interface FileStats {
  readonly dev: number
  readonly ino: number
  readonly size: number
  readonly mtimeMs: number
  readonly ctimeMs: number
}

/** Names one state of one file of this machine, for `LocalFile`: it is another as soon as the file, its bytes or its times are others. */
export function fileState({ dev, ino, size, mtimeMs, ctimeMs }: FileStats): string {
  return `${dev}-${ino}-${size}-${mtimeMs}-${ctimeMs}`
}
