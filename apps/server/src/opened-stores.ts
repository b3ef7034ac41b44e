import { resolve } from 'node:path'
import { fs } from '@kit/backend-fs'
import { memory } from '@kit/backend-memory'
import { openStore, storageError, type OpenOptions } from '@kit/core'
import { temporaryFiles } from '@kit/core/node'
import { openKit } from '@kit/manager'
import type { StoreSource } from './stores.ts'

/** The stores of one run of the server, and where they come from. */
export interface OpenedStores extends StoreSource {
  /** For the terminal. */
  readonly described: string
  close(): Promise<void>
}

const folderName = '.kit/files'

/**
 * The stores of the configuration file: the one named, else the one that every Kit program finds from here. Where there is none, one store
 * of files in the working directory.
 */
export async function openStores(config: string | undefined, log: OpenOptions['log']): Promise<OpenedStores> {
  const kit = await openKit({ config, builtIn: [fs, memory], environment: process.env, log })
  const names = kit.stores.map(({ name }) => name)
  if (names.length > 0) {
    return {
      described: `the stores ${names.join(', ')}, from ${kit.path}`,
      names: () => names,
      get: (name) => kit.store(name),
      close: () => kit.close(),
    }
  }
  await kit.close()
  if (config !== undefined) throw storageError('InvalidConfig', `${kit.path} names no store`)
  const path = resolve(folderName)
  const store = await openStore(fs({ path }), { name: 'files', spill: temporaryFiles(), log })
  return {
    described: `the store files, in ${path}`,
    names: () => ['files'],
    get: async () => store,
    close: () => store.close(),
  }
}
