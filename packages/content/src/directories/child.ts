/** What a name of a directory stands for. */
export interface Child {
  readonly cid: string
  /** Bytes of the whole DAG below (`Tsize`), where it is known. It is part of the directory's block, and so of its CID. */
  readonly size?: number | undefined
}

/** One whose size is known: something that was just made. */
export interface SizedChild extends Child {
  readonly size: number
}

/** One entry of a directory. */
export interface DirectoryEntry extends Child {
  /** Never empty, `.` or `..`, without `/` and NUL. */
  readonly name: string
}
