/** The codecs whose blocks are read here, by their code in the multicodec table. */
export const codecs = { raw: 0x55, 'dag-pb': 0x70, 'dag-cbor': 0x71, 'dag-json': 0x0129 } as const

export type Codec = keyof typeof codecs

const names = new Map<number, Codec>(
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of the table above
  (Object.keys(codecs) as Codec[]).map((name) => [codecs[name], name]),
)

/** The codec's name, where it is one that is read here. */
export function codecName(code: number): Codec | undefined {
  return names.get(code)
}

/** Hash functions, by their code in the multicodec table. */
export const hashCodes = {
  identity: 0x00,
  'sha2-256': 0x12,
  'sha2-512': 0x13,
  'sha3-512': 0x14,
  'sha3-384': 0x15,
  'sha3-256': 0x16,
  'sha3-224': 0x17,
  blake3: 0x1e,
  'blake2b-256': 0xb220,
} as const
