import type { BlockCall, BlockReader } from '../verify/index.ts'
import { storageError } from '@kit/core'
import type { Child, DirectoryEntry } from './child.ts'

/**
 * The entries of a directory, sharded or not, in the order of its blocks: not by name where it is sharded. Memory stays flat.
 * @throws NotDirectory for what is none; Corrupt for shards that contradict themselves, and for names that no path can hold.
 */
export async function* readDirectory(
  _reader: BlockReader,
  _cid: string,
  _call: BlockCall,
): AsyncGenerator<DirectoryEntry> {
  throw storageError('Unsupported', 'not made yet')
}

/** What a name stands for; reads no more blocks than lie on the way to it. @throws NotDirectory, Corrupt */
export async function lookUp(
  _reader: BlockReader,
  _cid: string,
  _name: string,
  _call: BlockCall,
): Promise<Child | undefined> {
  throw storageError('Unsupported', 'not made yet')
}
