import { type Bytes, storageError } from '@kit/core'
import { decodeNode, encodeNode } from '../codecs/index.ts'
import { parseCid } from '../cid/index.ts'
import type { Commit } from './types.ts'

/** Of the format: see `docs/formats/paths-over-content.md`. */
const version = 1
/** Longest message in UTF-16 units, so that a commit is one small block. */
const maxMessage = 65_536

/** The block of a commit, and its CID. */
export function encodeCommit(commit: Omit<Commit, 'cid'>): { readonly commit: Commit; readonly bytes: Bytes } {
  const { root, parent, time, message } = commit
  if (message !== undefined && (message.length > maxMessage || !message.isWellFormed())) {
    throw storageError('InvalidConfig', `the message of a commit is well-formed text of at most ${maxMessage} units`)
  }
  const { cid, bytes } = encodeNode('dag-cbor', {
    version,
    root: { '/': root },
    ...(parent === undefined ? {} : { parent: { '/': parent } }),
    time: time.getTime(),
    ...(message === undefined ? {} : { message }),
  })
  return { commit: { ...commit, cid }, bytes }
}

/** @throws Corrupt for what is no commit; Unsupported for one of a newer format */
export function decodeCommit(cid: string, bytes: Bytes): Commit {
  const value = parseCid(cid).codec === 0x71 ? decodeNode(cid, bytes) : undefined
  if (typeof value !== 'object' || value === null || !('version' in value)) throw noCommit(cid)
  if (value.version !== version) {
    throw storageError(
      'Unsupported',
      `the commit ${cid} is of another format than ${version}, the one that is known here`,
    )
  }
  const { root, parent, time, message }: Record<string, unknown> = { ...value }
  const date = new Date(typeof time === 'number' ? time : Number.NaN)
  if (Number.isNaN(date.getTime()) || (message !== undefined && typeof message !== 'string')) throw noCommit(cid)
  const made: Commit = { cid, root: linkOf(cid, root), time: date }
  return {
    ...made,
    ...(parent === undefined ? {} : { parent: linkOf(cid, parent) }),
    ...(message === undefined ? {} : { message }),
  }
}

function linkOf(cid: string, value: unknown): string {
  if (typeof value === 'object' && value !== null && '/' in value && typeof value['/'] === 'string') return value['/']
  throw noCommit(cid)
}

function noCommit(cid: string): Error {
  return storageError('Corrupt', `the block ${cid} is no commit`)
}
