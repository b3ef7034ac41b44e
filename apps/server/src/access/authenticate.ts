/** Who asks: the token of a request, and what it may do. */
import { timingSafeEqual } from 'node:crypto'
import type { Socket } from 'node:net'
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

type Tokens = ReturnType<TokenSource['current']>

/** What a connection has proven: the next request over it need not be hashed again. Gone with the connection. */
interface Proof {
  readonly header: Buffer
  readonly access: Access
  /** Of these tokens: others may not have it any more. */
  readonly tokens: Tokens
  readonly expires: number | undefined
}

/** Gives what the request may do. Where there are no tokens at all, that is everything. @throws Unauthenticated, RateLimited */
export function authenticator(options: AuthenticateOptions): (request: FastifyRequest) => Access {
  const { failures } = options
  const single = options.token === undefined ? undefined : hashOf(options.token)
  const limited = (access: Access): Access => (options.readOnly ? readOnlyAccess(access) : access)
  const full = limited(fullAccess())
  const proofs = new WeakMap<Socket, Proof>()

  /** In the same time whether the id is known or not. */
  function check(text: string, known: Tokens): Omit<Proof, 'header'> | undefined {
    const parts = parseToken(text)
    const token = known?.get(parts?.id ?? '')
    const right = timingSafeEqual(hashOf(parts?.secret ?? text), token?.hash ?? nobody)
    const isSingle = single !== undefined && timingSafeEqual(hashOf(text), single)
    if (isSingle) return { access: full, tokens: known, expires: undefined }
    if (!right || token === undefined || hasExpired(token.expires)) return undefined
    return { access: limited(token.access), tokens: known, expires: token.expires }
  }

  return (request) => {
    const known = options.tokens?.current()
    if (known === undefined && single === undefined) return full
    const { authorization: header } = request.headers
    const { socket } = request.raw
    const proof = proofs.get(socket)
    if (proof !== undefined && proof.tokens === known && same(proof.header, header) && !hasExpired(proof.expires)) {
      return proof.access
    }
    const text = bearer(header)
    const waitMs = failures.waitMs(request.ip)
    // Nobody guesses a secret of 256 bits, so one is looked at even then; one that a person chose is not.
    if (text !== undefined && (waitMs === undefined || parseToken(text) !== undefined)) {
      const found = check(text, known)
      if (found !== undefined) {
        proofs.set(socket, { ...found, header: Buffer.from(header ?? '') })
        return found.access
      }
    }
    if (text !== undefined) failures.add(request.ip)
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

function hasExpired(expires: number | undefined): boolean {
  return expires !== undefined && expires <= Date.now()
}

/** Compared in the same time, whatever differs: several clients may share a connection, behind a proxy. */
function same(proven: Buffer, header: string | undefined): boolean {
  if (header?.length !== proven.length) return false
  const given = Buffer.from(header)
  return given.length === proven.length && timingSafeEqual(given, proven)
}

function bearer(header: string | undefined): string | undefined {
  return /^bearer +(\S+)$/i.exec(header ?? '')?.[1]
}

/** Of a request that needs no token. */
export const unauthenticated: Access = noAccess()
