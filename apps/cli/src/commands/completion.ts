import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { storageError } from '@kit/core'
import { scriptFiles, type Shell } from '../completion/shells.ts'
import type { CommandResult } from '../outcome.ts'
import type { Session } from '../session.ts'

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
