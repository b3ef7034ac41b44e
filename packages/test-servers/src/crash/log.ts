import type { Directories, InodeId, Name } from './tree.ts'

export interface Place {
  readonly directory: InodeId
  readonly name: Name
}

export type NameOperation =
  | { readonly type: 'add'; readonly what: 'create' | 'link'; readonly at: Place; readonly inode: InodeId }
  | { readonly type: 'remove'; readonly at: Place }
  | { readonly type: 'rename'; readonly from: Place; readonly to: Place }

export type DataOperation =
  | { readonly type: 'write'; readonly inode: InodeId; readonly position: number; readonly bytes: Buffer }
  | { readonly type: 'truncate'; readonly inode: InodeId; readonly size: number }

export type LogEntry =
  | NameOperation
  | DataOperation
  | { readonly type: 'sync'; readonly inode: InodeId }
  | { readonly type: 'mark'; readonly label: string }

export function isNameOperation(entry: LogEntry): entry is NameOperation {
  return entry.type === 'add' || entry.type === 'remove' || entry.type === 'rename'
}

export function isDataOperation(entry: LogEntry): entry is DataOperation {
  return entry.type === 'write' || entry.type === 'truncate'
}

/** The directories that an operation changes: two for a rename across directories. */
export function directoriesOf(operation: NameOperation): readonly InodeId[] {
  if (operation.type !== 'rename') return [operation.at.directory]
  return [operation.from.directory, operation.to.directory]
}

export function applyName(directories: Directories, operation: NameOperation): void {
  if (operation.type === 'rename') {
    const { from, to } = operation
    const inode = directories.get(from.directory)?.get(from.name)
    if (inode === undefined) throw new Error(`there is no ${from.name} to rename: the log is not in order`)
    directories.get(from.directory)?.delete(from.name)
    entriesOf(directories, to.directory).set(to.name, inode)
  } else if (operation.type === 'add') {
    entriesOf(directories, operation.at.directory).set(operation.at.name, operation.inode)
  } else directories.get(operation.at.directory)?.delete(operation.at.name)
}

function entriesOf(directories: Directories, id: InodeId): Map<Name, InodeId> {
  const entries = directories.get(id) ?? new Map<Name, InodeId>()
  directories.set(id, entries)
  return entries
}
