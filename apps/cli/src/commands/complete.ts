import type { Command } from 'commander'
import { candidates } from '../completion/candidates.ts'

/** Longest time in all, whatever hangs. Stores have less. */
const limitMs = 3_000

/** Answers a shell: a line for each candidate. Says nothing where anything fails, and ends the process. */
export async function complete(program: Command, words: readonly string[]): Promise<never> {
  const timer = setTimeout(() => process.exit(0), limitMs)
  const typed = words.map((word) => (word === '""' ? '' : word))
  let lines = ''
  try {
    // What reads the configuration is loaded only where it is needed: most words are verbs and options.
    const found = await candidates(program, typed, async (kind, word, globals) =>
      (await import('../completion/outside.ts')).outsideCandidates(kind, word, globals),
    )
    lines = found.map(({ value, description }) => `${value}\t${firstLine(description)}\n`).join('')
  } catch {
    // A shell shows nothing then.
  }
  clearTimeout(timer)
  return new Promise(() => process.stdout.write(lines, () => process.exit(0)))
}

function firstLine(text = ''): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}
