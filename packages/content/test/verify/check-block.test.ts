import fc from 'fast-check'
import { errorCode, type Bytes } from '@kit/core'
import { describe, expect, it } from 'vitest'
import { cidFromBytes, cidOf } from '../../src/cid/index.ts'
import { checkBlock, maxBlockBytes, verified } from '../../src/verify/index.ts'
import { memoryBlocks, never } from '../memory-blocks.ts'

const abc = new TextEncoder().encode('abc')

/** What `ipfs block put --mhtype=…` says of `abc`. */
const known = {
  'sha2-256': 'bafkreif2pall7dybz7vecqka3zo24irdwabwdi4wc55jznaq75q7eaavvu',
  'sha2-512':
    'bafkrgqg5v422de3bpk5myqltjgxcaqjrcltputujvf7kecu653tewvottiqzfgjke5h4dkbwxi6chi765o6uktkeensdz2aofknmst5fjssj6',
  'sha3-224': 'bafkrohhgikbeyp4m6jfnberu5z6ty5tpzgr2kfunbskk245un7pq',
  'sha3-256': 'bafkrmib2tbo2ot7cewzaixaxfvv5hef5qvpqq3r6tvjfwrv74jcrcqyvgi',
  'sha3-384': 'bafkrkmhmafeyfccrn7esmrm7ldrmnlmn7g2hhsypycgclfw2ptyojg7ewkmnrdhksj5mp5jz6hw7ekbxnusq',
  'sha3-512':
    'bafkriqfxkgcqwgsxc2ffne6nsjfwwclobd3cdatuit3q3ccplubebutrfyiocfxjdevphsi2p3cxmr7dsnafonaljt2arvnfmwjpqj2o5rj7a',
  blake3: 'bafkr4ideg6z2yocgkez77nr3outtvdnvjdcvqrs5phnqh7jvtrwnlpm5qu',
  'blake2b-256': 'bafk2bzacec653aj4mnbds4rrohxt73uyk6nzjfsohoy4wpscojrmrqdi2urrs',
}

function code(work: () => void): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    return errorCode(error)
  }
}

function cidWith(hash: readonly number[], digest: Uint8Array): string {
  return cidFromBytes(Uint8Array.of(1, 0x55, ...hash, digest.byteLength, ...digest)).text
}

describe('checkBlock (C5)', () => {
  it.each(Object.entries(known))('knows %s', (_name, cid) => {
    expect(code(() => checkBlock(cid, abc))).toBeUndefined()
    expect(code(() => checkBlock(cid, Uint8Array.of(...abc, 0)))).toBe('Corrupt')
  })

  it('finds every flipped bit', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.nat(), (given, bit) => {
        const bytes = new Uint8Array(given)
        const cid = cidOf('raw', bytes)
        expect(code(() => checkBlock(cid, bytes))).toBeUndefined()
        const at = (bit >> 3) % bytes.byteLength
        bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit & 7))
        expect(code(() => checkBlock(cid, bytes))).toBe('Corrupt')
      }),
    )
  })

  it('takes identity CIDs by what they hold', () => {
    const cid = cidWith([0], abc)
    expect(code(() => checkBlock(cid, abc))).toBeUndefined()
    expect(code(() => checkBlock(cid, abc.slice(1)))).toBe('Corrupt')
  })

  it('refuses what would prove nothing, or too little', () => {
    expect(code(() => checkBlock(cidWith([0x11], new Uint8Array(20)), abc))).toBe('Unsupported')
    expect(code(() => checkBlock(cidWith([0x12], new Uint8Array(0)), abc))).toBe('Unsupported')
    expect(code(() => checkBlock(cidWith([0x12], cidFromBytes(Uint8Array.of(1, 0x55, 0, 0)).digest), abc))).toBe(
      'Unsupported',
    )
    expect(code(() => checkBlock('nonsense', abc))).toBe('InvalidKey')
    expect(code(() => checkBlock(known['sha2-256'], new Uint8Array(maxBlockBytes + 1)))).toBe('TooLarge')
  })
})

describe('verified', () => {
  it('asks for the canonical CID and gives only what is right', async () => {
    const blocks = memoryBlocks([
      [known['sha2-256'], abc],
      [known.blake3, abc.slice(1)],
    ])
    const reader = verified(blocks)
    expect(await reader.get(known['sha2-256'].toUpperCase(), { signal: never })).toEqual(abc)
    expect(blocks.reads).toEqual([known['sha2-256']])
    await expect(reader.get(known.blake3, { signal: never })).rejects.toThrow(
      expect.objectContaining({ code: 'Corrupt' }),
    )
    expect(verified(reader)).toBe(reader)
  })

  it('does not ask for what the CID holds', async () => {
    const lying = { get: async (): Promise<Bytes> => Uint8Array.of(1) }
    expect(await verified(lying).get(cidWith([0], abc), { signal: never })).toEqual(abc)
  })
})
