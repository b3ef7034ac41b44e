import { type Bytes, type Entry, storageError } from '@kit/core'
import { knownCodec } from '../codecs/nodes.ts'
import { decodeUnixFs, type UnixFsNode } from '../unixfs/index.ts'
import { fileNode, type FileNode } from '../unixfs/read-file.ts'
import { dateOf } from '../unixfs/time.ts'
import { targetOf } from './resolve.ts'

/** What a block is at the end of a path. */
export interface Found {
  readonly entry: Entry
  readonly cid: string
  readonly bytes: Bytes
  /** Of a file. */
  readonly node?: FileNode | undefined
  /** Of a directory. */
  readonly directory?: UnixFsNode | undefined
}

/**
 * Says what a block is. Blocks of dag-cbor and dag-json are files of their own bytes.
 * @throws Corrupt for what is not sound; Unsupported for codecs and kinds that are not known here.
 */
export function entryOf(key: string, cid: string, bytes: Bytes): Found {
  const codec = knownCodec(cid)
  // The state of content is its name.
  const named = { key, cid, etag: `"${cid}"` }
  const size = bytes.byteLength
  if (codec === 'raw') {
    return { entry: { ...named, kind: 'file', size }, cid, bytes, node: { data: bytes, fileSize: size, children: [] } }
  }
  if (codec !== 'dag-pb') {
    const entry: Entry = { ...named, kind: 'file', size, contentType: `application/vnd.ipld.${codec}` }
    return { entry, cid, bytes, node: { data: bytes, fileSize: size, children: [] } }
  }
  const unixFs = decodeUnixFs(bytes)
  const modified = unixFs.modified && dateOf(unixFs.modified)
  const attributes = {
    ...(unixFs.mode === undefined ? {} : { mode: unixFs.mode }),
    ...(modified === undefined ? {} : { modified }),
  }
  switch (unixFs.type) {
    case 'file':
    case 'raw': {
      const node = fileNode(cid, unixFs)
      return { entry: { ...named, kind: 'file', size: node.fileSize, ...attributes }, cid, bytes, node }
    }
    case 'directory':
    case 'hamt-shard':
      return { entry: { ...named, kind: 'directory', ...attributes }, cid, bytes, directory: unixFs }
    case 'symlink':
      return { entry: { ...named, kind: 'link', target: targetOf(unixFs.data), ...attributes }, cid, bytes }
    case 'metadata':
      throw storageError('Unsupported', `the block ${cid} is UnixFS metadata, which nobody writes any more`, { key })
  }
}
