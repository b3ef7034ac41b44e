import { type Bytes, storageError } from '@kit/core'

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'
const values = new Uint8Array(128).fill(0xff)
for (const [value, letter] of alphabet.split('').entries()) {
  values[letter.charCodeAt(0)] = value
  values[letter.toUpperCase().charCodeAt(0)] = value
}

/** RFC 4648 base32, lower case, without padding. */
export function toBase32(bytes: Uint8Array): string {
  let text = ''
  let held = 0
  let bits = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += alphabet[(held >> bits) & 31]
    }
    held &= (1 << bits) - 1
  }
  return bits === 0 ? text : text + alphabet[(held << (5 - bits)) & 31]
}

/** The bytes of base32 from `from` on, in either case. @throws InvalidKey for anything that no bytes are written as. */
export function fromBase32(text: string, from: number): Bytes {
  const letters = text.length - from
  const bytes = new Uint8Array((letters * 5) >> 3)
  let held = 0
  let bits = 0
  let to = 0
  for (let at = from; at < text.length; at++) {
    const value = values[text.charCodeAt(at)] ?? 0xff
    if (value === 0xff) throw storageError('InvalidKey', `${JSON.stringify(text[at])} is no letter of base32`)
    held = (held << 5) | value
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes[to++] = held >> bits
      held &= (1 << bits) - 1
    }
  }
  if (bits >= 5 || held !== 0) throw storageError('InvalidKey', 'the base32 text ends within a byte')
  return bytes
}
