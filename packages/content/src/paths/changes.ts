import { type Attributes, type Etag, storageError } from '@kit/core'
import { cidOf, parseCid } from '../cid/index.ts'
import type { Child } from '../directories/index.ts'
import { decodeUnixFs, encodeUnixFs, type Profile, profiles, type UnixFsNode } from '../unixfs/index.ts'
import { unixFsTime } from '../unixfs/time.ts'
import { type BlockCall, type BlockReader, type BlockWriter, verified } from '../verify/index.ts'
import { etagOf, type FactsOf } from './facts.ts'
import { isDraft, type Draft, type Tree } from './tree.ts'

/** Conditions on what a name stands for before it is changed. */
export interface Conditions {
  readonly ifAbsent?: true | undefined
  readonly ifMatch?: Etag | undefined
}

/** @throws AlreadyExists, ConditionFailed, IsDirectory */
async function check(tree: Tree, there: Child | Draft | undefined, conditions: Conditions): Promise<void> {
  if (there !== undefined && (await tree.isDirectory(there))) throw isDirectory()
  if (conditions.ifAbsent === true && there !== undefined) {
    throw storageError('AlreadyExists', 'there is an object already')
  }
  const { ifMatch } = conditions
  if (ifMatch !== undefined && (there === undefined || isDraft(there) || etagOf(there.cid) !== ifMatch)) {
    throw storageError('ConditionFailed', there === undefined ? 'it is not there' : 'it has changed')
  }
}

/** What is there, which must be no directory. @throws NotFound, IsDirectory */
async function fileAt(tree: Tree, key: string): Promise<Child> {
  const there = await tree.find(key)
  if (there === undefined) throw missing()
  if (isDraft(there) || (await tree.isDirectory(there))) throw isDirectory()
  return there
}

export async function putChild(tree: Tree, key: string, child: Child, conditions: Conditions): Promise<void> {
  await check(tree, await tree.find(key), conditions)
  await tree.set(key, child)
}

export async function deleteFile(tree: Tree, key: string, conditions: Conditions): Promise<void> {
  const there = await tree.find(key)
  await check(tree, there, conditions)
  if (there !== undefined) await tree.remove(key)
}

export async function copyFile(
  tree: Tree,
  from: string,
  to: string,
  { fromEtag, ...conditions }: Conditions & { readonly fromEtag?: Etag | undefined },
): Promise<Child> {
  const child = await fileAt(tree, from)
  if (fromEtag !== undefined && etagOf(child.cid) !== fromEtag) {
    throw storageError('ConditionFailed', 'the source has changed')
  }
  await putChild(tree, to, child, conditions)
  return child
}

export async function moveFile(tree: Tree, from: string, to: string, conditions: Conditions): Promise<Child> {
  const child = await fileAt(tree, from)
  if (from === to) {
    await check(tree, child, conditions)
    return child
  }
  await putChild(tree, to, child, conditions)
  await tree.remove(from)
  return child
}

export async function removeDirectory(tree: Tree, key: string): Promise<void> {
  const there = await tree.find(key)
  if (there === undefined) throw missing()
  if (!(await tree.isDirectory(there))) throw storageError('NotDirectory', 'it is no directory')
  if (!(await tree.isEmpty(there))) throw storageError('NotEmpty', 'there is something in it')
  await tree.remove(key)
}

export interface AttributesOptions extends BlockCall {
  readonly reader: BlockReader
  readonly writer: BlockWriter
  readonly facts: FactsOf
  readonly profile: Profile
}

/** Sets attributes: of a file by another root above the same bytes, none of which are read. */
export async function setAttributes(
  tree: Tree,
  key: string,
  { mode, modified }: Attributes,
  options: AttributesOptions,
): Promise<Child | undefined> {
  const { writer, facts, profile, ...call } = options
  const there = await tree.find(key)
  if (there === undefined) throw missing()
  const given = {
    ...(mode === undefined ? {} : { mode }),
    ...(modified === undefined ? {} : { modified: unixFsTime(modified) }),
  }
  if (isDraft(there) || (await tree.isDirectory(there))) {
    await tree.setAttributes(key, given)
    return undefined
  }
  const reader = verified(options.reader)
  const { codec } = parseCid(there.cid)
  const block = await reader.get(there.cid, call)
  const size = there.size ?? block.byteLength
  const old: UnixFsNode =
    codec === 0x70
      ? decodeUnixFs(block)
      : {
          type: 'file',
          links: [{ name: '', cid: there.cid, size: block.byteLength }],
          fileSize: block.byteLength,
          blockSizes: [block.byteLength],
        }
  const bytes = encodeUnixFs({ ...old, ...given })
  const cid = cidOf('dag-pb', bytes, { version: profiles[profile].version })
  await writer.put(cid, bytes, call)
  // So that nothing need be read after the commit, which would make a success fail.
  facts.rememberBlock(cid, bytes)
  const below = codec === 0x70 ? size - block.byteLength : size
  const child = { cid, size: below + bytes.byteLength }
  await tree.set(key, child)
  return child
}

function missing(): Error {
  return storageError('NotFound', 'there is no such object')
}

function isDirectory(): Error {
  return storageError('IsDirectory', 'it is a directory')
}
