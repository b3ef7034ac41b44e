import { definePlugin, type ByteSize, type Plugin } from '@kit/core'
import { capabilities, memoryBackend } from './memory-backend.ts'

export interface MemoryOptions {
  /** Most bytes that all objects together may have; a write beyond them fails with QuotaExceeded. Default: no limit. */
  readonly maxBytes?: ByteSize | undefined
}

/** A store in memory, for tests and temporary work. Each instance is a store of its own, empty when opened. */
export const plugin: Plugin<MemoryOptions> = definePlugin<MemoryOptions>({
  contract: 0,
  type: 'memory',
  schemes: ['memory'],
  options: { maxBytes: { type: 'bytes', description: 'Most bytes that all objects together may have.', minimum: 0 } },
  capabilities,
  open: ({ maxBytes }) => memoryBackend(maxBytes ?? Infinity),
})

export { plugin as memory }
