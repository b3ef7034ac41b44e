import { storageError } from '@kit/core'
import type { CommandResult } from '../outcome.ts'
import { parseSpan } from '../quantities.ts'
import type { Session } from '../session.ts'

export interface UrlOptions {
  readonly expires?: string
  readonly method?: string
  readonly contentType?: string
}

/** Makes a link that needs no credentials. */
export async function url(session: Session, target: string, options: UrlOptions): Promise<CommandResult> {
  const { output, call } = session
  const method = options.method === 'PUT' ? 'PUT' : 'GET'
  const { contentType } = options
  if (contentType !== undefined && method === 'GET')
    throw storageError('InvalidConfig', '--content-type is of what will be written: it needs --method PUT')
  const expiresInSeconds = Math.ceil(parseSpan('--expires', options.expires ?? '1h') / 1000)
  const { store, key, addressOf } = await session.place(target, { itself: true })
  const expires = new Date(Date.now() + expiresInSeconds * 1000)
  const signed = await store.url(key, { ...call, method, expiresInSeconds, contentType })
  if (!output.json) await output.write(`${signed.url}\n`)
  const headers = Object.entries(signed.headers ?? {})
  if (headers.length > 0) {
    output.note(`To be sent with it:\n${headers.map(([name, value]) => `  ${name}: ${value}\n`).join('')}`)
  }
  return { fields: { address: addressOf(key), method, expires: expires.toISOString(), ...signed } }
}
