import { definePlugin, manifestOf, openStore, type Backend, type Plugin, type Store } from '@kit/core'
import type { Subject } from '../../src/index.ts'
import { capabilitiesOf, referenceBackend } from './reference-backend.ts'
import { UrlServer } from './url-server.ts'
import { World } from './world.ts'

export type Shape = 'flat' | 'tree'
/** Makes something wrong with a backend. */
export type Break = (backend: Backend, world: World) => Backend

interface ReferenceOptions {
  readonly layers?: object | undefined
}

/** A subject whose stores are the reference backend, broken or not. Each opened store has a world of its own unless `shared`. */
export function referenceSubject(
  shape: Shape,
  options: { readonly breaks?: Break; readonly shared?: boolean } = {},
): Subject {
  const breaks: Break = options.breaks ?? ((backend) => backend)
  const shared = options.shared === true ? new World(shape === 'tree') : undefined
  const worlds = new WeakMap<Store, World>()
  const all: World[] = shared === undefined ? [] : [shared]
  let latest = shared
  let earlierRequests = 0

  function newWorld(): World {
    const world = shared ?? new World(shape === 'tree')
    if (shared === undefined) {
      earlierRequests += all.reduce((sum, earlier) => sum + earlier.requests, 0)
      all.length = 0
      all.push(world)
    }
    latest = world
    return world
  }

  function pluginFor(world: World, urls: UrlServer | undefined): Plugin<ReferenceOptions> {
    return definePlugin<ReferenceOptions>({
      contract: 0,
      type: 'reference',
      options: { layers: { type: 'map', description: 'Settings of the layers.' } },
      capabilities: capabilitiesOf(shape === 'tree'),
      open: () => {
        const backend = breaks(referenceBackend(world, urls), world)
        return {
          ...backend,
          async close() {
            await urls?.[Symbol.asyncDispose]()
            await backend.close?.()
          },
        }
      },
    })
  }

  const plugin = pluginFor(new World(shape === 'tree'), undefined)
  return {
    plugin,
    manifest: manifestOf(plugin),
    inProcess: true,
    shared: options.shared,
    patienceMs: 400,
    async open() {
      const world = newWorld()
      const spec = pluginFor(world, new UrlServer(world))({ layers: { retry: { base: 1, max: 4 } } })
      const store = await openStore(spec)
      worlds.set(store, world)
      return store
    },
    openBackend: async () => breaks(referenceBackend(latest ?? newWorld()), latest ?? newWorld()),
    async seed(objects) {
      for (const { key, bytes, attributes } of objects) latest?.put(key, bytes, attributes ?? {})
    },
    handles: () => all.reduce((sum, world) => sum + world.openBodies, 0),
    leftovers: async (store) => {
      const world = worlds.get(store) ?? latest
      return [...(world?.temporaries ?? []), ...(world?.uploads.keys() ?? [])]
    },
    requests: () => all.reduce((sum, world) => sum + world.requests, earlierRequests),
    async fault(fault) {
      const world = latest
      if (world !== undefined) world.fault = fault
      return {
        async [Symbol.asyncDispose]() {
          if (world !== undefined) world.fault = undefined
        },
      }
    },
  }
}
