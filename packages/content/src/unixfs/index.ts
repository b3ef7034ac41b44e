export { decodeUnixFs, encodeUnixFs, type Profile, type UnixFsNode, type UnixFsTime } from './node.ts'
export { type ProfileRules, profiles } from './profiles.ts'
export type { Link } from './protobuf.ts'
export { importFile, type ImportFileOptions, importSymlink, type Imported } from './import-file.ts'
