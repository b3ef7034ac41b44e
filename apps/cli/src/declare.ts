import type { Command } from 'commander'
import type { CommandResult } from './outcome.ts'
import type { Session } from './session.ts'

/** Runs the body of a verb in a session of its own. */
export type RunVerb = (verb: string, body: (session: Session) => Promise<CommandResult>) => Promise<void>

/** Takes an option that may be given several times; its values come in their order. */
export function collected(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value]
}

/** Paragraphs and examples under a verb's options. */
export function withNotes(command: Command, notes: string): Command {
  return command.addHelpText('after', `\n${notes.trim()}`)
}
