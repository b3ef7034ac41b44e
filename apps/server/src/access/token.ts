/** A token is `kit_ID_SECRET`: the id finds it, the secret proves it. */
import { hash, randomBytes } from 'node:crypto'

/** Letters and digits: a token is one word in a shell, a header and an editor. */
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const idLength = 10
const secretBytes = 32
/** As many digits of base 62 as 256 bits take. */
const secretLength = 43

const form = /^kit_([0-9A-Za-z]{8,32})_([0-9A-Za-z]{43})$/

export interface TokenParts {
  readonly id: string
  readonly secret: string
}

export function parseToken(text: string): TokenParts | undefined {
  const [, id, secret] = form.exec(text) ?? []
  return id === undefined || secret === undefined ? undefined : { id, secret }
}

/** A new token, 256 random bits in its secret. */
export function makeToken(): TokenParts & { readonly text: string } {
  const id = base62(randomBytes(16)).slice(-idLength)
  const secret = base62(randomBytes(secretBytes)).padStart(secretLength, '0')
  return { id, secret, text: `kit_${id}_${secret}` }
}

/**
 * What a file keeps of a secret. One pass of SHA-256 is enough here: slow hashes make guessing words that people choose dear, and nobody
 * guesses 256 random bits at any price. A slow one would only let strangers make the server work.
 */
export function hashOf(secret: string): Buffer {
  return hash('sha256', secret, 'buffer')
}

function base62(bytes: Uint8Array): string {
  let rest = BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
  let text = ''
  for (; rest > 0n; rest /= 62n) text = alphabet.charAt(Number(rest % 62n)) + text
  return text
}
