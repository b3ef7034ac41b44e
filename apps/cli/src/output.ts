import { once } from 'node:events'
import { styleText } from 'node:util'
import { harmless } from './printable.ts'

export { printable } from './printable.ts'

/** Standard output with back-pressure, and standard error for people. */
export interface Output {
  readonly json: boolean
  /** Resolves when more may be written. Rejects when the reader has gone or the signal aborts. */
  write(chunk: string | Uint8Array): Promise<void>
  /** Resolves when all that was written has gone out, or cannot. */
  flush(): Promise<void>
  /** One line of JSON each; nothing without `--json`. */
  lines(values: readonly object[]): Promise<void>
  /** A message for people, on standard error; `label` comes before it, in red. */
  tell(text: string, label?: string): void
  /** A message that people can do without: left out with `--quiet`. */
  note(text: string): void
  /** Rows that stay below all other text on a terminal, until others or none replace them. Nothing where standard error is none. */
  status(rows: readonly string[]): void
}

export interface OutputSettings {
  readonly json: boolean
  readonly quiet: boolean
}

export function standardOutput({ json, quiet }: OutputSettings, signal: AbortSignal): Output {
  const { stdout, stderr } = process
  let rows = ''
  let shown = 0
  // Up over the rows and everything below them gone. Without line breaks by the terminal, each row is one line of it.
  const erasure = (): string => (shown === 0 ? '' : `\r\u001B[${shown}A\u001B[J`)
  const tell = (text: string, label?: string): void => {
    const before = label === undefined ? '' : `${styleText('red', label, { stream: stderr })} `
    stderr.write(`${erasure()}${before}${stderr.isTTY ? harmless(text, '\n') : text}${rows}`)
  }
  const write = async (chunk: string | Uint8Array): Promise<void> => {
    signal.throwIfAborted()
    const covered = shown > 0 && stdout.isTTY
    if (covered) stderr.write(erasure())
    const taken = stdout.write(chunk)
    if (covered) stderr.write(rows)
    if (!taken) await once(stdout, 'drain', { signal })
  }
  return {
    json,
    write,
    flush: () => new Promise((resolve) => void stdout.write('', () => resolve())),
    async lines(values) {
      if (json && values.length > 0) await write(`${values.map((value) => JSON.stringify(value)).join('\n')}\n`)
    },
    tell,
    note(text) {
      if (!quiet) tell(text)
    },
    status(wanted) {
      if (!stderr.isTTY) return
      const before = erasure()
      const fitting = wanted.slice(-Math.max(1, (stderr.rows || 24) - 1))
      shown = fitting.length
      rows = shown === 0 ? '' : `\u001B[?7l${fitting.join('\n')}\n\u001B[?7h`
      if (before !== '' || shown > 0) stderr.write(`${before}${rows}`)
    },
  }
}
