/** What a terminal shows after this was written to it: as much of one as `kit` uses. Throws for anything else. */
export function screenAfter(written: string): readonly string[] {
  const lines: string[] = ['']
  let row = 0
  let column = 0
  let at = 0
  while (at < written.length) {
    const rest = written.slice(at)
    // oxlint-disable-next-line no-control-regex -- it is what a terminal acts on
    const escape = /^\u001B\[(\??[\d;]*)([A-Za-z])/.exec(rest)
    if (escape !== null) {
      at += escape[0].length
      const [, parameters = '', letter] = escape
      if (letter === 'A') row = Math.max(0, row - Number(parameters || 1))
      else if (letter === 'J') {
        lines.length = row + 1
        lines[row] = (lines[row] ?? '').slice(0, column)
      } else if (letter !== 'm' && !((letter === 'l' || letter === 'h') && parameters === '?7')) {
        throw new Error(`an unexpected sequence: ${JSON.stringify(escape[0])}`)
      }
      continue
    }
    const [character = ''] = rest
    at += character.length
    if (character === '\r') column = 0
    else if (character === '\n') {
      // A terminal driver has put a carriage return before it.
      row++
      lines[row] ??= ''
      column = 0
    } else if (character < ' ' || character === '\u007F') {
      throw new Error(`an unexpected control character: ${JSON.stringify(character)}`)
    } else {
      const line = lines[row] ?? ''
      lines[row] = line.slice(0, column).padEnd(column) + character + line.slice(column + character.length)
      column += character.length
    }
  }
  return lines
}
