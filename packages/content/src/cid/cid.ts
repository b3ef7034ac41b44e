import { hash } from 'node:crypto'
import { type Bytes, storageError } from '@kit/core'
import { base36, base36upper } from 'multiformats/bases/base36'
import { base58btc } from 'multiformats/bases/base58'
import { fromBase32, toBase32 } from './base32.ts'
import { type Codec, codecs, hashCodes } from './codes.ts'
import { type Cursor, cursorOf, readVarint } from './varint.ts'

/** The name of content: a hash of a block, and how the block is to be read. Plain data. */
export interface Cid {
  readonly version: 0 | 1
  /** How the block is encoded: a code of the multicodec table (see `codecs`). */
  readonly codec: number
  /** Which hash function made the digest: a code of the multicodec table (see `hashCodes`). */
  readonly hash: number
  /** A view into `bytes`. */
  readonly digest: Uint8Array
  /** The binary form, as links and CARs hold it. */
  readonly bytes: Bytes
  /** The canonical text: base58btc for version 0, base32 in lower case for version 1. Equal CIDs have equal texts. */
  readonly text: string
}

/** Longest digest in bytes that is read, of an identity CID too: the bound of the public network. */
export const maxDigestBytes = 128
const maxTextLength = 256

/**
 * Reads a CID from its text: version 0 (`Qm…`), or version 1 in base32, base36 or base58btc, in either case where the base has one.
 * A function or codec that is not known here is no error until the block is looked at.
 * @throws InvalidKey for text that is no CID, and for bases that are not read here.
 */
export function parseCid(text: string): Cid {
  if (text === lastText && last !== undefined) return last
  try {
    const cid = wholeCid(fromText(text))
    if ((cid.version === 0) !== isVersion0(text)) {
      throw storageError('InvalidKey', 'a CID of version 0 has no base before it')
    }
    lastText = text
    last = cid
    return cid
  } catch (error) {
    throw notACid(JSON.stringify(text.slice(0, maxTextLength)), error)
  }
}

/** What was read last: the layers of one call read the same CID one after another. */
let lastText = ''
let last: Cid | undefined

/** True for text that `parseCid` reads. */
export function isCid(text: string): boolean {
  try {
    parseCid(text)
    return true
  } catch {
    return false
  }
}

/** Reads a CID from its binary form, which is all of `bytes`. @throws InvalidKey */
export function cidFromBytes(bytes: Uint8Array): Cid {
  try {
    return wholeCid(bytes)
  } catch (error) {
    throw notACid('the bytes', error)
  }
}

function wholeCid(bytes: Uint8Array): Cid {
  const cursor = cursorOf(bytes)
  const cid = readCid(cursor)
  if (cursor.at !== cursor.end) throw storageError('InvalidKey', 'more follows behind its end')
  return cid
}

/** Reads the CID that stands at the cursor, and moves behind it. @throws InvalidKey, or Corrupt for a broken varint. */
export function readCid(cursor: Cursor): Cid {
  const { bytes, at: start } = cursor
  const version = bytes[start] === 0x12 && bytes[start + 1] === 0x20 ? 0 : 1
  if (version === 1 && readVarint(cursor) !== 1) throw storageError('InvalidKey', 'it is of no known version')
  const codec = version === 0 ? codecs['dag-pb'] : readVarint(cursor)
  const code = readVarint(cursor)
  const length = readVarint(cursor)
  if (length > maxDigestBytes) {
    throw storageError('InvalidKey', `its digest has ${length} bytes; at most ${maxDigestBytes} are read`)
  }
  if (length > cursor.end - cursor.at) throw storageError('InvalidKey', 'it is cut off')
  const digestAt = cursor.at - start
  cursor.at += length
  const own = new Uint8Array(bytes.subarray(start, cursor.at))
  return { version, codec, hash: code, digest: own.subarray(digestAt), bytes: own, text: textOf(version, own) }
}

/** The CID (sha2-256) that a block has, as text. Version 0 is of dag-pb alone. */
export function cidOf(codec: Codec, bytes: Uint8Array, options: { readonly version?: 0 | 1 | undefined } = {}): string {
  return textOfDigest(codecs[codec], hash('sha256', bytes, 'buffer'), options.version ?? 1)
}

/** The text of the CID with this sha2-256 digest. */
export function textOfDigest(codec: number, digest: Uint8Array, version: 0 | 1): string {
  if (version === 0) {
    if (codec !== codecs['dag-pb']) throw storageError('InvalidConfig', 'only dag-pb blocks have CIDs of version 0')
    const bytes = new Uint8Array(34)
    bytes[0] = hashCodes['sha2-256']
    bytes[1] = 32
    bytes.set(digest, 2)
    return textOf(0, bytes)
  }
  const short = codec < 0x80
  const bytes = new Uint8Array(short ? 36 : 37)
  bytes[0] = 1
  bytes[1] = short ? codec : (codec & 0x7f) | 0x80
  if (!short) bytes[2] = codec >> 7
  bytes.set([hashCodes['sha2-256'], 32], short ? 2 : 3)
  bytes.set(digest, short ? 4 : 5)
  return textOf(1, bytes)
}

function textOf(version: 0 | 1, bytes: Uint8Array): string {
  return version === 0 ? base58btc.baseEncode(bytes) : `b${toBase32(bytes)}`
}

function fromText(text: string): Uint8Array {
  if (text.length > maxTextLength) throw storageError('InvalidKey', 'it is too long')
  if (isVersion0(text)) return base58btc.baseDecode(text)
  switch (text[0]) {
    case 'b':
    case 'B':
      return fromBase32(text, 1)
    case 'k':
      return base36.baseDecode(text.slice(1))
    case 'K':
      return base36upper.baseDecode(text.slice(1))
    case 'z':
      return base58btc.baseDecode(text.slice(1))
    default:
      throw storageError('InvalidKey', 'it is in none of the bases base32, base36 and base58btc')
  }
}

function notACid(what: string, reason: unknown): Error {
  const why = reason instanceof Error ? reason.message.replace(/^\w+: /, '') : String(reason)
  return storageError('InvalidKey', `${what} is not a CID: ${why}`)
}

function isVersion0(text: string): boolean {
  return text.length === 46 && text.startsWith('Qm')
}
