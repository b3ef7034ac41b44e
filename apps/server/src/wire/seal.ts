/** Tells that what a client brings back is what this server once gave it. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { storageError } from '@kit/core'

export interface Seal {
  /** The value as a text of URL-safe characters, signed. `purpose` keeps what was signed for one thing from being taken for another. */
  close(purpose: string, value: unknown): string
  /** What was closed, or undefined where the text is not one that was. */
  open(purpose: string, text: string): unknown
}

/** Bytes of the key: HMAC-SHA-256 takes any number, fewer than its own 32 would weaken it. */
const keyMinBytes = 32

/** @throws InvalidConfig for a key that could be guessed */
export function createSeal(key: Uint8Array): Seal {
  if (key.byteLength < keyMinBytes) {
    throw storageError('InvalidConfig', `the key that signs ids has at least ${keyMinBytes} secret bytes`)
  }
  const sign = (purpose: string, data: string): Buffer =>
    createHmac('sha256', key).update(`kit ${purpose} 1\0${data}`).digest()
  return {
    close(purpose, value) {
      const data = Buffer.from(JSON.stringify(value)).toString('base64url')
      return `${data}.${sign(purpose, data).toString('base64url')}`
    },
    open(purpose, text) {
      const [data = '', signature = '', ...rest] = text.split('.')
      // As text: base64url spells the same bytes in several ways, of which only ours was given.
      const given = Buffer.from(signature)
      const wanted = Buffer.from(sign(purpose, data).toString('base64url'))
      if (rest.length > 0 || given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined
      return JSON.parse(Buffer.from(data, 'base64url').toString())
    },
  }
}
