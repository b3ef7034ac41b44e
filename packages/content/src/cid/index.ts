export { type Cid, cidFromBytes, cidOf, isCid, maxDigestBytes, parseCid } from './cid.ts'
export { codecName, type Codec, codecs, hashCodes } from './codes.ts'
