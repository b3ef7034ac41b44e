import { abortError, errnoCode, isStorageError, storageError, type ErrorCode, type StorageError } from '@kit/core'
import { retryAfterMs, statusCode } from '@kit/core/http'

/**
 * What Kubo's sentences mean. It answers every failed command with status 500 and a sentence, so there is nothing else to go by. The first
 * that fits counts, and what fits none is Unexpected: a guess would be repeated or believed.
 */
const meanings: readonly (readonly [RegExp, ErrorCode])[] = [
  [
    /already has entry by that name|file already exists|key with name .* already exists|already pinned recursively/,
    'AlreadyExists',
  ],
  [/context deadline exceeded|i\/o timeout/, 'Timeout'],
  [/no space left on device|disk quota exceeded|maximum storage limit exceeded/, 'QuotaExceeded'],
  [/must be run in online mode|publish while offline|pubsub feature not enabled|not enabled/, 'Unsupported'],
  [/is a directory|not a file:/, 'IsDirectory'],
  [/not a directory|expected \*mfs\.Directory/i, 'NotDirectory'],
  [/file does not exist|no link named|no link by that name/, 'NotFound'],
  [/block was not found locally|could not find|merkledag: not found|blockservice: key not found/, 'NotFound'],
  [/not pinned|is pinned indirectly/, 'NotFound'],
  [/no key by the given name|no key named|could not resolve name|routing: not found|record not found/, 'NotFound'],
  [/directory not empty/, 'NotEmpty'],
  [
    /invalid path|invalid cid|paths must start|selected encoding not supported|failed to parse cid|cannot parse/i,
    'InvalidKey',
  ],
  [
    /unmarshal|failed to decode|invalid car|malformed car|mismatch in content integrity|unexpected EOF|multipart: /i,
    'Corrupt',
  ],
  [
    /argument ".*" is required|invalid key for map|called on wrong kind|invalid .*value|unknown option|unrecognized option|parsing .*: invalid syntax/i,
    'InvalidConfig',
  ],
  [
    /connection refused|failed to dial|failed to connect|lock .*: someone else has the lock|leveldb: closed|context canceled/,
    'Unavailable',
  ],
]

/** What the daemon said, as an error. `status`: of the answer; absent where the sentence came in a stream or a trailer. */
export function kuboError(
  message: string,
  details: {
    readonly status?: number | undefined
    readonly changes: boolean
    readonly retryAfter?: string | undefined
  },
): StorageError {
  const { status, changes } = details
  const text = message.replaceAll(/\s+/g, ' ').trim().slice(0, 500)
  const code = codeOf(text, status)
  const said = { status, retryAfterMs: retryAfterMs(details.retryAfter ?? null) }
  if (status === 403) {
    return storageError('PermissionDenied', `${withText('Kubo refuses the call', text)} (${why403})`, said)
  }
  if (status === 404) {
    return storageError('Unsupported', 'this Kubo does not know the call, or the address is none of its API', said)
  }
  // What Kubo refuses by name it has not done; of the rest nobody knows.
  const unknown = code === 'Unexpected' || code === 'Unavailable' || code === 'Timeout'
  return storageError(code, text === '' ? `Kubo answered ${String(status)} without a word` : `Kubo says: ${text}`, {
    ...said,
    applied: changes && unknown ? 'maybe' : 'no',
  })
}

const why403 = 'no token or a wrong one, a path that the token may not call, or an Origin that is not allowed'

function codeOf(text: string, status: number | undefined): ErrorCode {
  const known = meanings.find(([pattern]) => pattern.test(text))
  if (known !== undefined) return known[1]
  if (status === 500 || status === undefined) return 'Unexpected'
  return status === 400 ? 'InvalidConfig' : statusCode(status)
}

function withText(text: string, said: string): string {
  return said === '' ? text : `${text}: ${said}`
}

const neverSent: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'EACCES',
])

/** What a socket threw: the caller's abort, or a connection that could not be made or broke. `where`: the daemon, for people. */
export function wireError(
  error: unknown,
  signal: AbortSignal | undefined,
  where: string,
  changes: boolean,
): StorageError {
  if (signal?.aborted === true) return abortError(signal)
  if (isStorageError(error)) return error
  const name: unknown = Reflect.get(Object(error), 'code')
  const code = errnoCode(error)
  const text = error instanceof Error ? error.message : String(error)
  const about =
    name === 'ECONNREFUSED' || name === 'ENOENT' ? `no daemon answers at ${where}: ${text}` : `${where}: ${text}`
  return storageError(code === undefined || code === 'NotFound' ? 'Unavailable' : code, about, {
    cause: error,
    applied: changes && !neverSent.has(name) ? 'maybe' : 'no',
  })
}
