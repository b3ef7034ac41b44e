import { storageError, type StorageError } from '@kit/core'

/** One thing that is wrong with a configuration file, and where. Lines and columns count from 1. */
export interface ConfigProblem {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly message: string
  /** What to do, where the message does not say. */
  readonly hint?: string | undefined
}

/** An InvalidConfig error that tells every problem found, one a line. */
export interface ConfigError extends StorageError {
  readonly problems: readonly ConfigProblem[]
}

/** More than these are counted, not shown. */
const shownMax = 20

/** `file:line:column: message`, as editors and terminals make links of. */
export function problemLine({ file, line, column, message }: ConfigProblem): string {
  return `${file}:${line}:${column}: ${message}`
}

/** All problems as one error, in the order of the file. */
export function configError(problems: readonly ConfigProblem[], cause?: unknown): ConfigError {
  const different = new Map(problems.map((problem) => [problemLine(problem), problem]))
  const sorted = [...different.values()].toSorted((a, b) => a.line - b.line || a.column - b.column)
  const lines = sorted.map(problemLine)
  const more = lines.length > shownMax ? [`and ${lines.length - shownMax} more`] : []
  const summary =
    lines.length === 1
      ? (lines[0] ?? '')
      : `${lines.length} problems\n${[...lines.slice(0, shownMax), ...more].join('\n')}`
  return Object.assign(storageError('InvalidConfig', summary, cause === undefined ? {} : { cause }), {
    problems: sorted,
  })
}

/** The problems behind an error of `openKit` or a `Kit`; undefined where it is another error. */
export function configProblems(error: unknown): readonly ConfigProblem[] | undefined {
  if (typeof error !== 'object' || error === null || !('problems' in error) || !Array.isArray(error.problems)) {
    return undefined
  }
  return error.problems
}
