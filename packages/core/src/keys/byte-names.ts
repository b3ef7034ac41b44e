/**
 * Names that are bytes, as strings: UTF-8 where it is UTF-8, and each byte that is not as one lone surrogate U+DC80 to U+DCFF
 * (the "surrogateescape" of PEP 383). The two functions are each other's inverse on every byte string.
 */

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

export function nameFromBytes(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch {
    return decodeEscaping(bytes)
  }
}

export function bytesFromName(name: string): Uint8Array<ArrayBuffer> {
  if (name.isWellFormed()) return encoder.encode(name)
  const out: number[] = []
  for (const character of name) {
    const code = character.codePointAt(0) ?? 0
    if (code >= 0xdc80 && code <= 0xdcff) out.push(code - 0xdc00)
    else out.push(...encoder.encode(character))
  }
  return Uint8Array.from(out)
}

/** Whether the name stands for some byte string, in the one spelling that `nameFromBytes` gives. */
export function isByteName(name: string): boolean {
  return name.isWellFormed() || nameFromBytes(bytesFromName(name)) === name
}

function decodeEscaping(bytes: Uint8Array): string {
  let text = ''
  let at = 0
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at)
    if (length === 0) text += String.fromCharCode(0xdc00 + (bytes[at++] ?? 0))
    else {
      text += decoder.decode(bytes.subarray(at, at + length))
      at += length
    }
  }
  return text
}

/** Length of the well-formed UTF-8 sequence that starts here, 0 where none does (Unicode 15, table 3-7). */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0
  if (lead < 0x80) return 1
  const second = bytes[at + 1] ?? 0
  const [low, high] = secondByteRange(lead)
  if (second < low || second > high) return 0
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
  for (let next = at + 2; next < at + length; next++) if (((bytes[next] ?? 0) & 0xc0) !== 0x80) return 0
  return length
}

function secondByteRange(lead: number): readonly [number, number] {
  if (lead < 0xc2 || lead > 0xf4) return [1, 0]
  if (lead === 0xe0) return [0xa0, 0xbf]
  if (lead === 0xed) return [0x80, 0x9f]
  if (lead === 0xf0) return [0x90, 0xbf]
  if (lead === 0xf4) return [0x80, 0x8f]
  return [0x80, 0xbf]
}
