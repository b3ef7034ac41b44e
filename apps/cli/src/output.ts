import { once } from 'node:events'

/** Standard output with back-pressure, and standard error for people. */
export interface Output {
  readonly json: boolean
  /** Resolves when more may be written. Rejects when the reader has gone or the signal aborts. */
  write(chunk: string | Uint8Array): Promise<void>
  /** Resolves when all that was written has gone out, or cannot. */
  flush(): Promise<void>
  /** One line of JSON each; nothing without `--json`. */
  lines(values: readonly object[]): Promise<void>
  /** A message for people, on standard error. */
  tell(text: string): void
}

export function standardOutput(json: boolean, signal: AbortSignal): Output {
  const { stdout, stderr } = process
  const write = async (chunk: string | Uint8Array): Promise<void> => {
    signal.throwIfAborted()
    if (!stdout.write(chunk)) await once(stdout, 'drain', { signal })
  }
  return {
    json,
    write,
    flush: () => new Promise((resolve) => void stdout.write('', () => resolve())),
    async lines(values) {
      if (json && values.length > 0) await write(`${values.map((value) => JSON.stringify(value)).join('\n')}\n`)
    },
    tell: (text) => void stderr.write(text),
  }
}

/** Text that cannot move the cursor or colour the screen: names come from anywhere. Files and pipes get it as it is. */
export function printable(text: string): string {
  if (!process.stdout.isTTY) return text
  return text.replaceAll(/\p{Cc}/gu, (char) => String.raw`\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
