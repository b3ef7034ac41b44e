// Control characters move the cursor or colour the screen; marks of direction turn a name around; halves of pairs are no characters.
const unsafe = /\p{Cc}|[\u200E\u200F\u202A-\u202E\u2066-\u2069]|\p{Cs}/gu

/** Text for standard output that a terminal shows as it is: names come from anywhere. Files and pipes get it unchanged. */
export function printable(text: string): string {
  return process.stdout.isTTY ? harmless(text) : text
}

/** The text with what is not to be seen spelt out. Line breaks too, unless they are `kept`. */
export function harmless(text: string, kept = ''): string {
  return text.replaceAll(unsafe, (char) => {
    if (kept.includes(char)) return char
    const code = char.codePointAt(0) ?? 0
    return code < 0x100 ? String.raw`\x${code.toString(16).padStart(2, '0')}` : String.raw`\u${code.toString(16)}`
  })
}
