import { isAbsolute, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { profiles, type Profile, type Retention } from '@kit/content'
import { definePlugin, storageError, type Plugin } from '@kit/core'
import { capabilitiesFor } from './capabilities.ts'
import { contentBackend } from './content-backend.ts'

export interface ContentOptions {
  /** Folder of the store, such as `/srv/content`. Nothing else may be in it. A relative one is taken from the working directory when the store is opened. */
  readonly path: string
  /** Makes the folder at the first use when it is missing. Default: true. */
  readonly create?: boolean | undefined
  /** What a resolved change survives: the end of the process, or a power cut too. Default: `power`. */
  readonly durable?: 'process' | 'power' | undefined
  /** Reads while another process writes, and follows it. Default: false. */
  readonly readOnly?: boolean | undefined
  /** How files of the tree become blocks. Default: `unixfs-v1-2025`; `unixfs-v0-2015` gives CIDs that begin with `Qm`. */
  readonly profile?: Profile | undefined
  /** Which versions of the tree are kept: the last so many, and those of the last so many days. Default: the last 100. */
  readonly keep?: Retention | undefined
}

/** A store in one folder: content by CID and files by path, verified, versioned and durable, with nothing to install and no network. */
export const plugin: Plugin<ContentOptions> = definePlugin<ContentOptions>({
  contract: 0,
  type: 'content',
  aliases: ['cas'],
  schemes: ['content'],
  options: {
    path: { type: 'string', description: 'Folder of the store.', required: true, localPath: true },
    create: { type: 'boolean', description: 'Makes the folder at the first use when it is missing.', default: true },
    durable: {
      type: 'string',
      description: 'What a resolved change survives: the end of the process, or a power cut too.',
      values: ['process', 'power'],
      default: 'power',
    },
    readOnly: {
      type: 'boolean',
      description: 'Reads while another process writes, and follows it.',
      default: false,
      aliases: ['read_only'],
    },
    profile: {
      type: 'string',
      description: 'How files of the tree become blocks (IPIP-499).',
      values: Object.keys(profiles),
      default: 'unixfs-v1-2025',
    },
    keep: {
      type: 'map',
      description: 'Which versions of the tree are kept; a version stays while either says so. Default: the last 100.',
      fields: {
        last: { type: 'number', description: 'The last so many versions.', minimum: 1 },
        days: { type: 'number', description: 'Versions of the last so many days.', minimum: 0 },
      },
    },
  },
  capabilities: capabilitiesFor('power', false),
  narrow: ({ durable, readOnly }) => capabilitiesFor(durable ?? 'power', readOnly ?? false),
  address: fromAddress,
  open: ({ path, create, durable, readOnly, profile, keep }) => {
    if (path === '') throw storageError('InvalidConfig', 'path: a folder is needed, such as /srv/content')
    return contentBackend({
      path: isAbsolute(path) ? path : resolve(path),
      create: create ?? true,
      durable: durable ?? 'power',
      readOnly: readOnly ?? false,
      profile: profile ?? 'unixfs-v1-2025',
      keep: keep ?? {},
    })
  },
})

export { plugin as content }

/** `content:///srv/content` */
function fromAddress(url: URL): ContentOptions {
  if (url.host !== '' || url.search !== '' || url.hash !== '') {
    // What stands before a host may be a password.
    throw storageError('InvalidConfig', 'the address names a host or more: a folder is written content:///srv/content')
  }
  return { path: fileURLToPath(url.href.replace(/^content:/, 'file:')) }
}

export { scrub, type Damage, type ScrubOptions, type ScrubProgress, type ScrubReport } from './scrub.ts'
