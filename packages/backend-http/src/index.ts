import { definePlugin, type ByteSize, type Plugin, type Secret } from '@kit/core'
import { capabilities, narrowed } from './capabilities.ts'
import { addressOf, optionsOf } from './http-address.ts'
import { httpBackend } from './http-backend.ts'
import { httpClient } from './http-client.ts'

export interface HttpOptions {
  /** What keys are below, such as `https://example.org/data/`; taken as a directory with or without the last slash. */
  readonly url: string
  /** With `password`: basic authentication. */
  readonly user?: string | undefined
  readonly password?: Secret | undefined
  /** Bearer token. */
  readonly token?: Secret | undefined
  /** More headers of every request, `Name: value`, one a line; kept as secret as a password. */
  readonly headers?: Secret | undefined
  /**
   * Which etag the server gives with every object; what is said here is relied on, and refused by name where it turns out wrong.
   * `weak`: an ETag, or the time of the last change and the size. Default: `none`, so that nothing can be asked on condition of one. What
   * the server gives is passed on all the same, and broken reads go on with it.
   */
  readonly etag?: 'strong' | 'weak' | 'none' | undefined
  /** `auto`: directories are listed by the index pages that the server makes of them. Default: `none`, nothing can be listed. */
  readonly index?: 'auto' | 'none' | undefined
  /** `anywhere`: follows redirects to other hosts too, without any credentials. Default: `same-origin`. */
  readonly redirects?: 'same-origin' | 'anywhere' | undefined
  /** Most bytes that are read and thrown away where the server ignores a range; then it is refused. Default 64 MiB. */
  readonly skip?: ByteSize | undefined
  /** Sends credentials unencrypted to another machine, over `http://`. Default: false. Without credentials plain http needs no leave. */
  readonly plainHttp?: boolean | undefined
}

/** Whatever a web server gives, to read. */
export const plugin: Plugin<HttpOptions> = definePlugin<HttpOptions>({
  contract: 0,
  type: 'http',
  aliases: ['https'],
  schemes: ['http', 'https'],
  options: {
    url: { type: 'string', required: true, description: 'What keys are below, such as https://example.org/data/.' },
    user: { type: 'string', description: 'Name for basic authentication.' },
    password: { type: 'string', secret: true, description: 'Password of that user.' },
    token: { type: 'string', secret: true, description: 'Bearer token.' },
    headers: { type: 'string', secret: true, description: 'More headers of every request, `Name: value`, one a line.' },
    etag: {
      type: 'string',
      values: ['strong', 'weak', 'none'],
      default: 'none',
      description: 'Which etag the server gives with every object.',
    },
    index: {
      type: 'string',
      values: ['auto', 'none'],
      default: 'none',
      description: 'Whether directories are listed by the index pages of the server.',
    },
    redirects: {
      type: 'string',
      values: ['same-origin', 'anywhere'],
      default: 'same-origin',
      description: 'Where redirects are followed to; credentials never go to another host.',
    },
    skip: {
      type: 'bytes',
      minimum: 0,
      default: '64 MiB',
      description: 'Most bytes that are read and thrown away where the server ignores a range.',
    },
    plainHttp: {
      type: 'boolean',
      default: false,
      description: 'Sends credentials unencrypted to another machine.',
    },
  },
  capabilities,
  narrow: narrowed,
  address: optionsOf,
  open(options, environment) {
    const client = httpClient(options, addressOf(options), environment)
    return httpBackend(client, narrowed(options), options)
  },
})

export { plugin as http }
