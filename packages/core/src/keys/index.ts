export { bytesFromName, isByteName, nameFromBytes } from './byte-names.ts'
export { keyCodec, type KeyCodec } from './codec.ts'
export { compareKeys, isKey, joinKey, keyBelow, keyName, parentKey, parseKey, utf8Length } from './key.ts'
