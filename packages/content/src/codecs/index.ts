export { linksOf } from './links.ts'
export { decodeNode, encodeNode, type NodeValue } from './nodes.ts'
