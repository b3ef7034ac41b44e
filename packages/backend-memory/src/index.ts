import { definePlugin, type Plugin } from '@kit/core'
import { capabilities, memoryBackend } from './memory-backend.ts'

/** A store in memory, for tests and temporary work. Each instance is a store of its own, empty when opened. It has no options. */
export const plugin: Plugin<object> = definePlugin<object>({
  contract: 0,
  type: 'memory',
  schemes: ['memory'],
  options: {},
  capabilities,
  open: memoryBackend,
})

export { plugin as memory }
