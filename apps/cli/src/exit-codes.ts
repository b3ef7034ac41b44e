type ExitName =
  | 'done'
  | 'other'
  | 'usage'
  | 'noDirectory'
  | 'noObject'
  | 'retryable'
  | 'partial'
  | 'fatal'
  | 'noRoom'
  | 'nothingDone'
  | 'deadline'
  | 'differences'
  | 'noAccess'
  | 'hangup'
  | 'interrupted'
  | 'unread'
  | 'terminated'

interface ExitCode {
  readonly code: number
  readonly meaning: string
}

/** Every exit code of `kit`: one table for what it returns and for what the help says. */
export const exitCodes: { readonly [Name in ExitName]: ExitCode } = {
  done: { code: 0, meaning: 'done' },
  other: { code: 1, meaning: 'another error' },
  usage: { code: 2, meaning: 'usage or configuration' },
  noDirectory: { code: 3, meaning: 'no such store or directory' },
  noObject: { code: 4, meaning: 'no such object' },
  retryable: { code: 5, meaning: 'worth trying again' },
  partial: { code: 6, meaning: 'done in part' },
  fatal: { code: 7, meaning: 'corrupt' },
  noRoom: { code: 8, meaning: 'no room' },
  nothingDone: { code: 9, meaning: 'nothing was done (--fail-if-nothing)' },
  deadline: { code: 10, meaning: 'too late' },
  differences: { code: 11, meaning: 'differences (check)' },
  noAccess: { code: 12, meaning: 'not allowed' },
  hangup: { code: 129, meaning: 'hung up' },
  interrupted: { code: 130, meaning: 'Ctrl-C' },
  unread: { code: 141, meaning: 'given up: nobody reads the output any more' },
  terminated: { code: 143, meaning: 'terminated' },
}

/** The table as lines of a help text. */
export function exitCodeLines(): string {
  return Object.values(exitCodes)
    .map(({ code, meaning }) => `  ${String(code).padStart(3)}  ${meaning}\n`)
    .join('')
}
