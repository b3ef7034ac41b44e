import { definePlugin, storageError, type Plugin } from '@kit/core'
import { capabilities, capabilitiesFor } from './capabilities.ts'
import { fsBackend } from './fs-backend.ts'
import { absolutePath, pathOfUrl } from './fs-client.ts'

export interface FsOptions {
  /** Folder that holds the objects, such as `/srv/photos`. A relative one is taken from the working directory when the store is opened. */
  readonly path: string
  /** Makes the folder at the first use when it is missing. Default: true. */
  readonly create?: boolean | undefined
  /** Waits until every change is on the disk, so that it survives a power cut. Slower. Default: false. */
  readonly fsync?: boolean | undefined
}

/** A store in a folder of a filesystem: objects are plain files, keys their paths. */
export const plugin: Plugin<FsOptions> = definePlugin<FsOptions>({
  contract: 0,
  type: 'fs',
  aliases: ['local', 'filesystem'],
  schemes: ['file'],
  options: {
    path: { type: 'string', description: 'Folder that holds the objects.', required: true, localPath: true },
    create: {
      type: 'boolean',
      description: 'Makes the folder at the first use when it is missing.',
      default: true,
      aliases: ['auto_create', 'autoCreate'],
    },
    fsync: {
      type: 'boolean',
      description: 'Waits until every change is on the disk, so that it survives a power cut.',
      default: false,
    },
  },
  capabilities,
  narrow: ({ fsync }) => capabilitiesFor(fsync ?? false),
  address: fromAddress,
  open: ({ path, create, fsync }) => {
    if (path === '') throw storageError('InvalidConfig', 'path: a folder is needed, such as /srv/photos')
    return fsBackend({ path: absolutePath(path), create: create ?? true, fsync: fsync ?? false })
  },
})

export { plugin as fs }

/** `file:///srv/photos` */
function fromAddress(url: URL): FsOptions {
  if (url.host !== '' || url.search !== '' || url.hash !== '') {
    throw storageError('InvalidConfig', `${url.href}: a folder is written file:///srv/photos`)
  }
  return { path: pathOfUrl(url) }
}
