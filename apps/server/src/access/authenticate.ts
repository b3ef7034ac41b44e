/** Who asks: the token of a request, and what it may do. */
import { timingSafeEqual } from 'node:crypto'
import { storageError } from '@kit/core'
import type { FastifyRequest } from 'fastify'
import { refusal } from '../answers.ts'
import { fullAccess, noAccess, readOnlyAccess, type Access } from './access.ts'
import type { Failures } from './failures.ts'
import type { TokenSource } from './open-tokens.ts'
import { hashOf, parseToken } from './token.ts'

export interface AuthenticateOptions {
  /** One token that may do everything. */
  readonly token: string | undefined
  readonly tokens: TokenSource | undefined
  readonly readOnly: boolean
  readonly failures: Failures
}

/** What no secret hashes to, for ids that are not known: the same work is done for them. */
const nobody = Buffer.alloc(32)

/** Gives what the request may do. Where there are no tokens at all, that is everything. @throws Unauthenticated, RateLimited */
export function authenticator(options: AuthenticateOptions): (request: FastifyRequest) => Access {
  const { tokens, failures } = options
  const single = options.token === undefined ? undefined : hashOf(options.token)
  const full = options.readOnly ? readOnlyAccess(fullAccess()) : fullAccess()
  const readOnly = new WeakMap<Access, Access>()

  /** In the same time whether the id is known or not. */
  function check(text: string, known: NonNullable<ReturnType<TokenSource['current']>> | undefined): Access | undefined {
    const parts = parseToken(text)
    const token = known?.get(parts?.id ?? '')
    const right = timingSafeEqual(hashOf(parts?.secret ?? text), token?.hash ?? nobody)
    if (!right || token === undefined) return undefined
    if (token.expires !== undefined && token.expires <= Date.now()) return undefined
    if (!options.readOnly) return token.access
    const limited = readOnly.get(token.access) ?? readOnlyAccess(token.access)
    readOnly.set(token.access, limited)
    return limited
  }

  return ({ headers, ip }) => {
    const known = tokens?.current()
    if (known === undefined && single === undefined) return full
    const text = bearer(headers.authorization)
    const waitMs = failures.waitMs(ip)
    // Nobody guesses a secret of 256 bits, so one is looked at even then; one that a person chose is not.
    if (waitMs === undefined || (text !== undefined && parseToken(text) !== undefined)) {
      if (text !== undefined) {
        const ofFile = check(text, known)
        const isSingle = single !== undefined && timingSafeEqual(hashOf(text), single)
        if (isSingle) return full
        if (ofFile !== undefined) return ofFile
      }
    }
    if (text !== undefined) failures.add(ip)
    if (waitMs !== undefined) {
      throw storageError('RateLimited', 'too many tokens that are none came from this address', {
        retryAfterMs: waitMs,
      })
    }
    throw refusal('Unauthenticated', 'this server wants a token that it knows: Authorization: Bearer …', {
      headers: { 'www-authenticate': 'Bearer' },
    })
  }
}

function bearer(header: string | undefined): string | undefined {
  // The common spelling without a regular expression.
  if (header?.startsWith('Bearer kit_') === true) return header.slice('Bearer '.length)
  return /^bearer +(\S+)$/i.exec(header ?? '')?.[1]
}

/** Of a request that needs no token. */
export const unauthenticated: Access = noAccess()
