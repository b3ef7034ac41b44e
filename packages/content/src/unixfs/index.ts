export { decodeUnixFs, encodeUnixFs, type Profile, type UnixFsNode, type UnixFsTime } from './node.ts'
export { type ProfileRules, profiles } from './profiles.ts'
export type { Link } from './protobuf.ts'
