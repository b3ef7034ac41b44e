import type { AnyPlugin, Capabilities } from '../backend/index.ts'
import { optionsSchema, type JsonSchema } from './schema.ts'

/** What `kit.json` holds: enough to list, describe and configure a plugin without running its code. */
export interface Manifest {
  readonly contract: number
  readonly type: string
  readonly aliases: readonly string[]
  readonly schemes: readonly string[]
  /** Whether it wraps others, which stand in `over`. */
  readonly wraps: 'nothing' | 'one' | 'several'
  readonly options: JsonSchema
  readonly capabilities: Capabilities
}

/** The manifest as plain JSON data, so that it equals what is read back from the file. */
export function manifestOf(plugin: AnyPlugin): Manifest {
  const over: string | undefined = plugin.options['over']?.type
  const manifest: Manifest = {
    contract: plugin.contract,
    type: plugin.type,
    aliases: plugin.aliases,
    schemes: plugin.schemes,
    wraps: over === 'stores' ? 'several' : over === 'store' ? 'one' : 'nothing',
    options: optionsSchema(plugin),
    capabilities: plugin.capabilities,
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- JSON of a Manifest is one
  return JSON.parse(JSON.stringify(manifest)) as Manifest
}
