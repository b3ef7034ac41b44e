/** Digest fields of RFC 9530. Hexadecimal on our side, base64 between colons on theirs. */
import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Hashes } from '@kit/core'
import { refusal } from '../answers.ts'

const sha256 = /(?:^|,)[\t ]*sha-256[\t ]*=([^,]*)/i
const value = /^:([A-Za-z0-9+/]{43}=):(?:;.*)?$/

/** What the client says the body hashes to; other functions than SHA-256 are passed over. @throws InvalidConfig */
export function digestOf(headers: IncomingHttpHeaders): Hashes | undefined {
  const given = ['content-digest', 'repr-digest'].flatMap((name) => {
    const header = headers[name]
    return typeof header === 'string' ? [parseDigest(name, header)] : []
  })
  const [first, ...others] = given.filter((hash) => hash !== undefined)
  if (first === undefined) return undefined
  if (others.some((other) => other !== first)) {
    throw refusal('InvalidConfig', 'Content-Digest and Repr-Digest contradict each other')
  }
  return { sha256: first }
}

function parseDigest(name: string, header: string): string | undefined {
  const item = sha256.exec(header)?.[1]?.trim()
  if (item === undefined) return undefined
  const base64 = value.exec(item)?.[1]
  if (base64 === undefined) throw refusal('InvalidConfig', `${name} takes sha-256=:BASE64:, 32 bytes`)
  return Buffer.from(base64, 'base64').toString('hex')
}

export function digestField({ sha256: hex }: Hashes): string | undefined {
  return hex === undefined ? undefined : `sha-256=:${Buffer.from(hex, 'hex').toString('base64')}:`
}

/** Checks bytes as they pass against the digest that came with them; undefined where none did. */
export function passingDigest(
  headers: IncomingHttpHeaders,
): { update(chunk: Uint8Array): void; finish(): void } | undefined {
  const wanted = digestOf(headers)?.sha256
  if (wanted === undefined) return undefined
  const hash = createHash('sha256')
  return {
    update: (chunk) => void hash.update(chunk),
    /** @throws Corrupt, answered with 400 */
    finish() {
      if (hash.digest('hex') === wanted) return
      throw refusal('Corrupt', 'the bytes are not what their digest says', { status: 400 })
    },
  }
}
