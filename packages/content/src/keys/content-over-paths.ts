import { type Backend, type Context, errorCode, storageError } from '@kit/core'
import { importCar } from '../car/index.ts'
import { checkBlock, type BlockCall, type BlockReader, verified } from '../verify/index.ts'
import { parseCid } from '../cid/index.ts'
import { blocksAsObjects } from '../paths/in-store.ts'
import { contentOf } from '../reader/index.ts'
import { type Profile, profiles } from '../unixfs/index.ts'
import { cidCapabilities } from './capabilities.ts'
import { blocksPrefix, isOwn, treeKey } from './layout.ts'
import { type Census, pinsInStore } from './pins-in-store.ts'
import { putFile } from './put-file.ts'
import { openStoredFile, type StoredFile } from './stored-file.ts'

/**
 * A store of paths that answers to CIDs too. What is kept by CID lies in the folder `.content`, which is hidden from the paths: blocks as
 * objects, files of several blocks as one object with their inner nodes beside it, so that a part of a file is checked without the rest.
 * Nothing is ever collected. @throws InvalidConfig for a store that answers to CIDs by itself
 */
export function contentOverPaths(store: Backend): Backend {
  if (store.capabilities.ops.content !== undefined || store.capabilities.ops.blocks !== undefined) {
    throw storageError('InvalidConfig', 'the store answers to CIDs by itself')
  }
  const objects = blocksAsObjects(store, blocksPrefix)
  const writes = store.capabilities.ops.write !== undefined

  /** A reader for one call: files that it came by are remembered, for their leaves are found through them alone. */
  function census(): Census {
    const files = new Map<string, StoredFile>()
    const fromFiles = (cid: string, call: BlockCall): ReturnType<StoredFile['block']> => {
      for (const file of files.values()) {
        const block = file.block(cid, call)
        if (block !== undefined) return block
      }
      return undefined
    }
    const reader: BlockReader = {
      async get(cid, call) {
        const known = fromFiles(cid, call)
        if (known !== undefined) return await known
        const block = await objects.get(cid, call).catch(orNothing)
        if (block !== undefined) return block
        files.set(cid, await openStoredFile(store, cid, call))
        return (await fromFiles(cid, call)) ?? missing(cid)
      },
    }
    return {
      reader: verified(reader),
      async has(context, cid) {
        for (const file of files.values()) if (file.has(cid)) return true
        if (await objects.has(cid, context)) return true
        return (await store.stat(context, treeKey(cid), {}).catch(orNothing)) !== undefined
      },
    }
  }

  const pins = pinsInStore(store, census)
  const reading = (): ReturnType<typeof contentOf> => contentOf(census().reader)
  const pinned = async (context: Context, cid: string, pin: boolean | undefined): Promise<void> => {
    if (pin === true) await pins.add(context, cid, {})
  }
  const put = async (context: Context, cid: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> => {
    const parsed = parseCid(cid)
    checkBlock(parsed, bytes)
    await objects.put(parsed.text, bytes, context)
  }

  // Whoever opened the store closes it.
  const { close: _close, ...open } = store
  const { list } = store
  return {
    ...open,
    capabilities: cidCapabilities(store.capabilities),
    ...(list === undefined
      ? {}
      : {
          async *list(context, directory, options) {
            for await (const page of list.call(store, context, directory, options)) {
              yield directory === '' ? { ...page, entries: page.entries.filter(({ key }) => !isOwn(key)) } : page
            }
          },
        }),
    blocks: {
      get: (context, cid) => census().reader.get(parseCid(cid).text, context),
      has: (context, cid) => census().has(context, parseCid(cid).text),
      ...(writes && {
        put,
        async putMany(context, blocks) {
          for await (const { cid, bytes } of blocks) await put(context, cid, bytes)
        },
      }),
    },
    content: {
      read: (context, path, { range }) => reading().read(path, { signal: context.signal, range }),
      stat: (context, path) => reading().stat(path, context),
      list: (context, path) => reading().list(path, context),
      car: (context, path, { scope }) => reading().car(path, { signal: context.signal, scope }),
      ...(writes && {
        async put(context, source, { profile, pin }) {
          const entry = await putFile(store, objects, context, source, profileOf(profile))
          await pinned(context, entry.key, pin)
          return entry
        },
        async importCar(context, source, { pin }) {
          const roots = await importCar(source, objects, { signal: context.signal })
          for (const root of roots) await pinned(context, root, pin)
          return roots
        },
      }),
    },
    pins,
  }
}

function profileOf(name: string): Profile {
  for (const profile of ['unixfs-v1-2025', 'unixfs-v0-2015'] as const) if (name === profile) return profile
  const known = Object.keys(profiles).join(', ')
  throw storageError('InvalidConfig', `there is no profile ${JSON.stringify(name)}; there are ${known}`)
}

function orNothing(error: unknown): undefined {
  if (errorCode(error) !== 'NotFound') throw error
}

function missing(cid: string): never {
  throw storageError('NotFound', `the block ${cid} is not there`)
}
