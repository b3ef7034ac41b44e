import type { Folder, Folders } from './folders.ts'
import type { FileLayer, Stats } from './fs-client.ts'
import type { Locks } from './locks.ts'
import type { Pace } from './pace.ts'
import type { Queue } from './queue.ts'
import type { Temporaries } from './temporaries.ts'

/** What every operation of one open store works with. */
export interface Site {
  /** The true path of the root. */
  readonly root: string
  readonly files: FileLayer
  readonly folders: Folders
  readonly temporaries: Temporaries
  readonly locks: Locks
  /** Locks in a folder that is there. */
  claimsIn(home: string): Locks
  /** Of an upload that the size does not ask for larger ones. */
  readonly partBytes: number
  readonly queue: Queue
  readonly fsync: boolean
  /** On a local filesystem what is asked of an open file is answered from memory, and is asked without leaving the thread. */
  readonly local: boolean
  /** Whether a file can be named by a descriptor without the right to read it. */
  readonly byPath: boolean
  fstat(fd: number): Stats | Promise<Stats>
  /** Of what is asked by name, and of small reads. */
  readonly pace: Pace
  /** Of what takes longer than a question: small writes, names read by the thousand. */
  readonly workPace: Pace
  /** Directories that are known to be on the disk themselves, as are those above. */
  readonly durable: WeakSet<Folder>
  /** Ends what lives on after its operation: streams, handles, watchers. */
  readonly living: Set<() => Promise<void>>
}

/** Folder for one operation. */
export async function inFolder<Result>(
  { folders }: Site,
  key: string,
  work: (folder: Folder) => Promise<Result>,
): Promise<Result> {
  const folder = folders.held(key) ?? (await folders.open(key))
  try {
    const result = await work(folder)
    const check = folders.recheck(folder)
    if (check !== undefined) await check
    return result
  } finally {
    folders.release(folder)
  }
}
