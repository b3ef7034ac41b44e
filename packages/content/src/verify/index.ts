export { type BlockCall, type BlockReader, type BlockWriter, maxBlockBytes } from './blocks.ts'
export { checkBlock, verified } from './check-block.ts'
