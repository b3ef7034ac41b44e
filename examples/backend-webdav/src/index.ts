import { definePlugin, type Plugin, type Secret } from '@kit/core'
import { capabilities, webdavBackend } from './webdav-backend.ts'
import { webdavClient } from './webdav-client.ts'

export interface WebdavOptions {
  /** The folder that is the store, such as `https://nas.example.org/photos/`. */
  readonly url: string
  readonly user?: string | undefined
  readonly password?: Secret | undefined
}

/** A folder of a WebDAV server (RFC 4918), logged in to by HTTP Basic. */
export const plugin: Plugin<WebdavOptions> = definePlugin<WebdavOptions>({
  contract: 0,
  type: 'webdav',
  options: {
    url: { type: 'string', required: true, description: 'The folder that is the store, as an http or https address.' },
    user: { type: 'string', description: 'Name to log in with; without it nobody logs in.' },
    password: { type: 'string', secret: true, description: 'Password of that user.' },
  },
  capabilities,
  open: (options, environment) => webdavBackend(webdavClient(options, environment)),
})

export { plugin as webdav }
