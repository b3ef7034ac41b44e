import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { storageError } from '@kit/core'
import type { Command } from 'commander'
import { scriptFiles, type Shell } from '../completion/shells.ts'
import type { CommandResult } from '../outcome.ts'
import type { Session } from '../session.ts'

/** Longest time in all, whatever hangs. Stores have less. */
const limitMs = 3_000

/** Prints the script that makes a shell complete `kit`. */
export async function completion({ output }: Session, shell: Shell): Promise<CommandResult> {
  const script = await scriptOf(shell)
  if (!output.json) await output.write(script)
  return { fields: { shell, script } }
}

/** The scripts lie in the package, in a folder above this code. */
async function scriptOf(shell: Shell): Promise<string> {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    try {
      return await readFile(join(folder, 'completion', scriptFiles[shell]), 'utf8')
    } catch (error) {
      if (dirname(folder) !== folder) continue
      throw storageError('Unexpected', `the script for ${shell} is not where kit is installed`, { cause: error })
    }
  }
}

/** Answers a shell: a line for each candidate. Says nothing where anything fails, and ends the process. */
export async function complete(program: Command, words: readonly string[]): Promise<never> {
  const [{ candidates }, { outsideCandidates }] = await Promise.all([
    import('../completion/candidates.ts'),
    import('../completion/outside.ts'),
  ])
  const timer = setTimeout(() => process.exit(0), limitMs)
  const typed = words.map((word) => (word === '""' ? '' : word))
  let lines = ''
  try {
    const found = await candidates(program, typed, (kind, word, globals) => outsideCandidates(kind, word, globals))
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
