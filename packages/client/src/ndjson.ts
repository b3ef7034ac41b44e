/** Longest line that is taken: an entry with the longest key and all its attributes has far less. */
const maxLine = 4 << 20

/**
 * The values of newline-delimited JSON, as they arrive: all of one piece of the body together, never an empty array. Ending early frees the
 * body. Rejects with a SyntaxError for a line that is no JSON, with what the body fails with, and with a RangeError for a line beyond 4 Mi characters.
 */
export async function* readLines(body: ReadableStream<Uint8Array> | null): AsyncGenerator<unknown[]> {
  const reader = body?.getReader()
  if (reader === undefined) return
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let rest = ''
  try {
    for (;;) {
      const step = await reader.read()
      const text = rest + (step.done ? decoder.decode() : decoder.decode(step.value, { stream: true }))
      const end = step.done ? text.length : text.lastIndexOf('\n') + 1
      rest = text.slice(end)
      if (rest.length > maxLine) throw new RangeError(`a line has more than ${maxLine} characters`)
      const values = text.slice(0, end).split('\n').filter(isFilled).map(parse)
      if (values.length > 0) yield values
      if (step.done) return
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

function isFilled(line: string): boolean {
  return line.trim() !== ''
}

function parse(line: string): unknown {
  return JSON.parse(line)
}
