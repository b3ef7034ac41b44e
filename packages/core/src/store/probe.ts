import type { AnyPlugin, Backend, Capabilities, Context } from '../backend/index.ts'
import { storageError } from '../errors/index.ts'

/** What the plugin finds out by asking the server; a plugin without a probe is taken at its word. @throws Unexpected where it adds something */
export async function probeStore(context: Context, plugin: AnyPlugin, backend: Backend): Promise<Capabilities> {
  if (plugin.probe === undefined) return backend.capabilities
  const found = await plugin.probe(context, backend)
  const added = Object.keys(found.ops).filter((name) => !Object.hasOwn(backend.capabilities.ops, name))
  if (added.length > 0) {
    throw storageError(
      'Unexpected',
      `the probe of type ${plugin.type} claims ${added.join(', ')}, which the plugin does not declare`,
    )
  }
  return found
}
