import type { CommandResult } from './outcome.ts'
import type { Session } from './session.ts'

/** Runs the body of a verb in a session of its own. */
export type RunVerb = (verb: string, body: (session: Session) => Promise<CommandResult>) => Promise<void>
