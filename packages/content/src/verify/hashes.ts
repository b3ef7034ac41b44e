import { hash } from 'node:crypto'
import { blake2b } from '@noble/hashes/blake2.js'
import { blake3 } from '@noble/hashes/blake3.js'
import { hashCodes } from '../cid/codes.ts'

export interface HashFunction {
  readonly digestBytes: number
  digest(bytes: Uint8Array): Uint8Array
}

function native(name: string, digestBytes: number): HashFunction {
  return { digestBytes, digest: (bytes) => hash(name, bytes, 'buffer') }
}

/** The functions that blocks are checked by. A cut digest (`sha2-256` with fewer bytes) is none of them: it proves too little. */
export const hashFunctions: ReadonlyMap<number, HashFunction> = new Map([
  [hashCodes['sha2-256'], native('sha256', 32)],
  [hashCodes['sha2-512'], native('sha512', 64)],
  [hashCodes['sha3-224'], native('sha3-224', 28)],
  [hashCodes['sha3-256'], native('sha3-256', 32)],
  [hashCodes['sha3-384'], native('sha3-384', 48)],
  [hashCodes['sha3-512'], native('sha3-512', 64)],
  [hashCodes.blake3, { digestBytes: 32, digest: (bytes) => blake3(bytes) }],
  [hashCodes['blake2b-256'], { digestBytes: 32, digest: (bytes) => blake2b(bytes, { dkLen: 32 }) }],
])
