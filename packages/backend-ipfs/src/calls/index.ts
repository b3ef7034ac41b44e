export type { KuboCall } from './call.ts'
export { blockCalls, dagCalls, type BlockCalls, type CarImport, type DagCalls } from './blocks.ts'
export {
  contentCalls,
  type Added,
  type AddOptions,
  type ContentCalls,
  type LsEntry,
  type TreeEntry,
} from './content.ts'
export { filesCalls, type FilesCalls, type FilesStat } from './files.ts'
export { keyCalls, nameCalls, type Key, type KeyCalls, type NameCalls } from './names.ts'
export {
  bitswapCalls,
  pubsubCalls,
  routingCalls,
  swarmCalls,
  type BitswapCalls,
  type PubsubCalls,
  type PubsubMessage,
  type RoutedPeer,
  type RoutingCalls,
  type SwarmCalls,
  type SwarmPeer,
} from './network.ts'
export { nodeCalls, type NodeCalls, type NodeId, type RepoStat } from './node.ts'
export { pinCalls, type PinCalls, type RemoteFilter, type RemotePin, type RemotePinCalls } from './pins.ts'
