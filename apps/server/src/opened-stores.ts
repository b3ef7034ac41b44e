import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { content } from '@kit/backend-content'
import { fs } from '@kit/backend-fs'
import { memory } from '@kit/backend-memory'
import { openStore, storageError, type OpenOptions } from '@kit/core'
import { temporaryFiles } from '@kit/core/node'
import { openKit, type KitOptions } from '@kit/manager'
import { defaultLimits } from './limits.ts'
import type { ServerSettings } from './service/settings.ts'
import type { StoreSource } from './stores.ts'

/** The stores of one run of the server, and where they come from. */
export interface OpenedStores extends StoreSource {
  /** For the terminal. */
  readonly described: string
  /** Of the configuration file; undefined where there is none. */
  readonly configPath: string | undefined
  /** The store that Kubo's API is for, where nobody says. */
  readonly ipfsStore: string | undefined
  /** What whoever started the server should know, a sentence each. */
  readonly warnings: readonly string[]
  close(): Promise<void>
}

const folderName = '.kit/content'
/** Where the store was, as files, before it was one of content. */
const formerFolderName = '.kit/files'

/**
 * The stores of the configuration file: the one named, else the one that every Kit program finds from here. Where there is none, one store
 * of content in the working directory, which keeps versions and answers to CIDs too.
 * @throws InvalidConfig
 */
export async function openStores(
  { config, stores: wanted, environment, limits }: Pick<ServerSettings, 'config' | 'stores' | 'environment' | 'limits'>,
  { log, layers, builtIn = [content, fs, memory] }: Pick<OpenOptions, 'log' | 'layers'> & Pick<KitOptions, 'builtIn'>,
): Promise<OpenedStores> {
  // A client that sends or takes slowly has its call of the store for as long: a store's usual places, few as they are, would soon be those
  // of slow clients. The server has a bound of its own.
  const layerDefaults = { concurrency: { max: limits.maxRequests ?? defaultLimits.maxRequests } }
  const kit = await openKit({ config, builtIn, environment, log, layers, layerDefaults })
  const configured = kit.stores
  if (configured.length > 0) {
    const names = configured.map(({ name }) => name).filter((name) => wanted?.includes(name) ?? true)
    const unknown = (wanted ?? []).filter((name) => !names.includes(name))
    if (unknown.length > 0) {
      await kit.close()
      throw storageError('InvalidConfig', `${kit.path} has no store ${unknown.join(', ')}`)
    }
    return {
      described: `the stores ${names.join(', ')}, from ${kit.path}`,
      configPath: kit.path,
      ipfsStore: undefined,
      warnings: [],
      names: () => names,
      get: (name) => kit.store(name),
      close: () => kit.close(),
    }
  }
  await kit.close()
  if (config !== undefined) throw storageError('InvalidConfig', `${kit.path} names no store`)
  if (wanted !== undefined) throw storageError('InvalidConfig', '--stores needs a configuration that names the stores')
  const path = resolve(folderName)
  const store = await openStore(content({ path, layers: layerDefaults }), {
    name: 'files',
    spill: temporaryFiles(),
    log,
    layers,
  })
  return {
    described: `the store files, in ${path}`,
    configPath: undefined,
    ipfsStore: 'files',
    warnings: formerFolder(),
    names: () => ['files'],
    get: async () => store,
    close: () => store.close(),
  }
}

function formerFolder(): string[] {
  const path = resolve(formerFolderName)
  if (!existsSync(path)) return []
  return [
    `${path} is not served: the store is in ${resolve(folderName)} now. To serve it, name it in kit.yaml: stores: { former: { type: fs, path: ${formerFolderName} } }`,
  ]
}
