import { hash } from 'node:crypto'
import { cidFromBytes, codecs, hashCodes, parseCid, type Cid } from '@kit/content'
import type { BlockName } from './block-index.ts'

/** Codecs that a row of the index can tell. A block of any other is asked for its CID where it lies. */
const known: readonly number[] = [codecs.raw, codecs['dag-pb'], codecs['dag-cbor'], codecs['dag-json']]
const unknown = known.length

/** One block has one name, whatever codec and version the CID says, as every store of blocks has it. */
export function nameOf(cid: Cid): BlockName {
  const plain = cid.hash === hashCodes['sha2-256'] && cid.digest.byteLength === 32
  const codec = known.indexOf(cid.codec)
  return {
    digest: plain ? cid.digest : multihashDigest(cid),
    foreign: !plain,
    codec: codec === -1 ? unknown : codec,
    version: cid.version,
  }
}

export function parseName(cid: string): BlockName {
  return nameOf(parseCid(cid))
}

/** The CID that a block was put with, where the name tells it. */
export function cidOfName({ digest, foreign, codec, version }: BlockName): string | undefined {
  const code = known[codec]
  if (foreign || code === undefined) return undefined
  const prefix = version === 0 ? [] : [1, ...(code < 0x80 ? [code] : [(code & 0x7f) | 0x80, code >> 7])]
  return cidFromBytes(Uint8Array.from([...prefix, hashCodes['sha2-256'], 32, ...digest])).text
}

/** Of the multihash: function, length and digest. */
function multihashDigest({ bytes, version, codec }: Cid): Uint8Array {
  return hash('sha256', version === 0 ? bytes : bytes.subarray(1 + varintBytes(codec)), 'buffer')
}

function varintBytes(value: number): number {
  return value < 0x80 ? 1 : 1 + varintBytes(Math.floor(value / 0x80))
}
