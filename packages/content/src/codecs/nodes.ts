import { type Bytes, compareKeys, ownBytes, storageError } from '@kit/core'
import * as dagCbor from '@ipld/dag-cbor'
import * as dagJson from '@ipld/dag-json'
import * as dagPb from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import { cidFromBytes, cidOf, parseCid } from '../cid/cid.ts'
import { type Codec, codecName } from '../cid/codes.ts'
import { decodePb } from '../unixfs/protobuf.ts'
import { checkBlockSize } from '../verify/blocks.ts'
import { linksOfCbor } from './cbor-links.ts'

/**
 * What a block says, as plain data: maps are objects, bytes are `Uint8Array`, integers beyond 2^53 are `bigint`, and a link is
 * `{ '/': 'CID' }` as DAG-JSON writes it (so no map of one key `/` can be anything else). A raw block is its bytes. A dag-pb node is
 * `{ Data?, Links: [{ Hash, Name?, Tsize? }] }`, its links in order of names.
 */
export type NodeValue = unknown

/**
 * Makes a block of a value, and its CID (version 1, sha2-256). The form is canonical: equal values give equal blocks.
 * @throws InvalidConfig for what the codec cannot say; TooLarge for a block longer than peers take.
 */
export function encodeNode(codec: Codec, value: NodeValue): { readonly cid: string; readonly bytes: Bytes } {
  let bytes: Bytes
  try {
    bytes = encode(codec, value)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw storageError('InvalidConfig', `the value cannot be written as ${codec}: ${why}`, { cause: error })
  }
  const cid = cidOf(codec, bytes)
  checkBlockSize(cid, bytes.byteLength)
  return { cid, bytes }
}

/** Reads a block by the codec that its CID names. @throws Corrupt for bytes that are none of it; Unsupported for a codec not known here. */
export function decodeNode(cid: string, bytes: Bytes): NodeValue {
  const codec = knownCodec(cid)
  if (codec === 'raw') return bytes
  checkBlockSize(cid, bytes.byteLength)
  try {
    // Decoders take links for CIDs that are none; this does not.
    if (codec === 'dag-cbor') linksOfCbor(bytes)
    if (codec === 'dag-pb') decodePb(bytes)
    return fromIpld(codec === 'dag-pb' ? dagPb.decode(bytes) : (codec === 'dag-cbor' ? dagCbor : dagJson).decode(bytes))
  } catch (error) {
    throw storageError('Corrupt', `the block ${cid} is no ${codec}`, { cause: error })
  }
}

/** The codec of a CID. @throws Unsupported for one that is not read here. */
export function knownCodec(cid: string): Codec {
  const { codec } = parseCid(cid)
  const name = codecName(codec)
  if (name !== undefined) return name
  throw storageError('Unsupported', `the block ${cid} is of the codec 0x${codec.toString(16)}, which is not read here`)
}

function encode(codec: Codec, value: NodeValue): Bytes {
  if (codec === 'raw') {
    if (value instanceof Uint8Array) return ownBytes(value)
    throw storageError('InvalidConfig', 'a raw block is bytes')
  }
  const node = toIpld(value)
  if (codec !== 'dag-pb') return ownBytes((codec === 'dag-cbor' ? dagCbor : dagJson).encode(node))
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `encode` checks what it is given
  return ownBytes(dagPb.encode(withSortedLinks(node) as dagPb.PBNode))
}

/** Links go by name, as the format wants it; equal names keep their order. */
function withSortedLinks(node: unknown): unknown {
  if (typeof node !== 'object' || node === null || !('Links' in node) || !Array.isArray(node.Links)) return node
  const nameOf = (link: { readonly Name?: unknown }): string => (typeof link?.Name === 'string' ? link.Name : '')
  return { ...node, Links: node.Links.toSorted((one, other) => compareKeys(nameOf(one), nameOf(other))) }
}

function toIpld(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  if (Array.isArray(value)) return value.map(toIpld)
  const entries = Object.entries(value)
  const [only] = entries
  if (entries.length === 1 && only?.[0] === '/' && typeof only[1] === 'string') {
    return CID.decode(parseCid(only[1]).bytes)
  }
  return Object.fromEntries(entries.map(([name, inner]) => [name, toIpld(inner)]))
}

function fromIpld(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return ownBytes(value)
  if (Array.isArray(value)) return value.map(fromIpld)
  const link = CID.asCID(value)
  if (link !== null) return { '/': cidFromBytes(link.bytes).text }
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, fromIpld(inner)]))
}
