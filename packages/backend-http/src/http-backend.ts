import {
  errorCode,
  storageError,
  type Backend,
  type ByteRange,
  type Capabilities,
  type Checked,
  type Entry,
} from '@kit/core'
import { entryFromHeaders, rangeHeader, readResponse } from '@kit/core/http'
import { listDirectory } from './directory-index.ts'
import type { HttpClient } from './http-client.ts'
import { wrongClaim } from './http-errors.ts'
import type { HttpOptions } from './index.ts'

/** Etags of our own making; no server knows them. */
const made = /^W\/"kit-/

export function httpBackend(
  client: HttpClient,
  capabilities: Capabilities,
  options: Pick<Checked<HttpOptions>, 'etag' | 'skip' | 'user' | 'token' | 'headers'>,
): Backend {
  const { etag: claimed = 'none', skip = 0 } = options
  const isPublic = [options.user, options.token, options.headers].every((secret) => secret === undefined)

  /** What the headers tell, by the etag that is promised. */
  function entryOf(response: Response, key: string): Entry {
    const told = entryFromHeaders(response.headers, key)
    // Of an empty object, asked for its first byte.
    const empty = response.status === 416 && /^bytes \*\/0$/i.test(response.headers.get('content-range') ?? '')
    const entry = response.status === 416 ? { ...told, size: empty ? 0 : undefined } : told
    const etag = entry.etag ?? etagOf(entry)
    if (claimed === 'strong' && etag?.startsWith('W/') !== false) {
      throw wrongClaim('the server gives no strong ETag for this', etag === undefined ? 'none' : 'weak')
    }
    if (claimed === 'weak' && etag === undefined) {
      throw wrongClaim('the server gives neither ETag nor the time of the last change for this', 'none')
    }
    return { ...entry, etag }
  }

  async function stat(...[context, key, conditions]: Parameters<Backend['stat']>): Promise<Entry> {
    const answer = await client.head(context, key, conditional(conditions))
    if (answer === 'directory' || key === '') return { kind: 'directory', key }
    return entryOf(answer, key)
  }

  return {
    capabilities,
    stat,
    async read(context, key, { range, ...conditions }) {
      const headers = { range: rangeHeader(range), ...conditional(conditions) }
      const answer = await client.get(context, key, headers)
      if (answer === 'directory') throw storageError('IsDirectory', 'a directory has no bytes')
      try {
        const coding = answer.headers.get('content-encoding') ?? 'identity'
        if (!/^\s*(?:identity)?\s*$/i.test(coding)) {
          throw storageError('Unsupported', `the server sends it in the coding ${coding}, and not as it is stored`)
        }
        const entry = entryOf(answer, key)
        if (range !== undefined && answer.status !== 206) {
          const ahead = skipped(range, entry.size)
          if (ahead > skip) {
            throw storageError(
              'Unsupported',
              `the server ignores ranges: ${ahead} bytes would have to be thrown away, and \`skip\` allows ${skip}`,
            )
          }
          if (ahead > 0) context.log('warn', 'the server ignores ranges', { key, skippedBytes: ahead })
        }
        return { ...(await readResponse(context, answer, key)), entry }
      } catch (error) {
        await answer.body?.cancel().catch(() => undefined)
        throw error
      }
    },
    list: (context, directory, how) => listDirectory(client, stat, context, directory, how.limit ?? 1000),
    async ping(context) {
      try {
        await client.head(context, '')
      } catch (error) {
        const code = errorCode(error)
        // It answers; that it shows nothing of the directory itself says nothing of what is in it.
        const shut = code === 'PermissionDenied' && isPublic && capabilities.ops.list === undefined
        if (code !== 'NotFound' && !shut) throw error
      }
    },
  }
}

/** What a server understands of the conditions; all are checked on its answer too, as it may ignore them. */
function conditional(conditions: {
  readonly ifMatch?: string | undefined
  readonly ifNoneMatch?: string | undefined
}): Record<string, string> {
  const { ifMatch, ifNoneMatch } = conditions
  const headers: Record<string, string> = {}
  if (ifMatch?.startsWith('W/') === false) headers['if-match'] = ifMatch
  if (ifNoneMatch !== undefined && !made.test(ifNoneMatch)) headers['if-none-match'] = ifNoneMatch
  return headers
}

/** Of time and size, where the server gives no better one. */
function etagOf({ size, modified }: Entry): string | undefined {
  if (size === undefined || modified === undefined) return undefined
  return `W/"kit-${modified.getTime().toString(36)}-${size.toString(36)}"`
}

function skipped(range: ByteRange, size: number | undefined): number {
  // Beyond the end nothing is skipped: that is no range of the object, and core says so.
  if (!('last' in range)) return size !== undefined && range.from >= size ? 0 : range.from
  return size === undefined ? Number.POSITIVE_INFINITY : Math.max(0, size - range.last)
}
