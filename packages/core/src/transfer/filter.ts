import type { Entry } from '../backend/index.ts'
import { storageError } from '../errors/index.ts'
import { compilePattern } from './pattern.ts'

/**
 * Which objects a verb is about: plain data, the same for every verb, for REST and for a file. `rules` are looked at first, then `exclude`,
 * then `include`, each in order, and the first that matches decides; where none does, an object is taken unless there is an `include`.
 *
 * Patterns: `*` and `?` stand for characters other than `/`, `**` for any, `[a-z]` and `[!a-z]` for one of a class, `{a,b}` for one of several,
 * `\` takes the next character as it is. A leading `/` ties the pattern to the root of what the verb is about, else it matches from
 * the beginning of any segment, always to the end of the key. A trailing `/` means a directory and everything below it. Case counts.
 * At most 1,000 patterns of 1,000 characters, 65,536 characters together.
 */
export interface FilterRules {
  /** `+ PATTERN` and `- PATTERN`, in order, as a filter file has them. */
  readonly rules?: readonly string[] | undefined
  readonly exclude?: readonly string[] | undefined
  readonly include?: readonly string[] | undefined
  /** In bytes; inclusive. */
  readonly minSize?: number | undefined
  readonly maxSize?: number | undefined
  /** Only objects changed at or after, or before, this time. Unix ms. Objects without a time are not taken. */
  readonly changedFrom?: number | undefined
  readonly changedBefore?: number | undefined
}

/** Rules made ready. Keys are relative to the directory that the verb is about; of a single object it is the last segment. */
export interface Filter {
  /** Of a directory: whether it is about the directory itself, which says nothing of what is below. Sizes and times are of files and links. */
  admits(key: string, entry: Pick<Entry, 'kind' | 'size' | 'modified'>): boolean
}

const maxPatterns = 1000
const maxCharacters = 65_536

interface Rule {
  readonly takes: boolean
  readonly matches: (key: string) => boolean
}

/** @throws InvalidConfig, naming the rule */
export function createFilter(rules: FilterRules): Filter {
  const { minSize, maxSize, changedFrom, changedBefore } = rules
  const texts: { readonly takes: boolean; readonly pattern: string }[] = [
    ...(rules.rules ?? []).map((rule) => splitRule(rule, '')),
    ...(rules.exclude ?? []).map((pattern) => ({ takes: false, pattern })),
    ...(rules.include ?? []).map((pattern) => ({ takes: true, pattern })),
  ]
  if (texts.length > maxPatterns || texts.reduce((sum, { pattern }) => sum + pattern.length, 0) > maxCharacters) {
    throw storageError(
      'InvalidConfig',
      `a filter has at most ${maxPatterns} patterns, ${maxCharacters} characters together`,
    )
  }
  for (const [name, value] of Object.entries({ minSize, maxSize, changedFrom, changedBefore })) {
    if (value !== undefined && !Number.isFinite(value)) throw storageError('InvalidConfig', `\`${name}\` is a number`)
  }
  const compiled = texts.map(({ takes, pattern }): Rule => ({ takes, matches: compilePattern(pattern) }))
  const otherwise = rules.include === undefined || rules.include.length === 0

  const named = (name: string): boolean => {
    for (const rule of compiled) if (rule.matches(name)) return rule.takes
    return otherwise
  }
  return {
    admits(key, { kind, size, modified }) {
      if (kind === 'directory') return named(`${key}/`)
      if (kind === 'file') {
        if (minSize !== undefined && !(size !== undefined && size >= minSize)) return false
        if (maxSize !== undefined && !(size !== undefined && size <= maxSize)) return false
      }
      const time = modified?.getTime()
      if (changedFrom !== undefined && !(time !== undefined && time >= changedFrom)) return false
      if (changedBefore !== undefined && !(time !== undefined && time < changedBefore)) return false
      return named(key)
    },
  }
}

function splitRule(rule: string, where: string): { readonly takes: boolean; readonly pattern: string } {
  const sign = rule[0]
  const pattern = rule.slice(2)
  if ((sign !== '+' && sign !== '-') || rule[1] !== ' ' || pattern.trim() === '') {
    throw storageError(
      'InvalidConfig',
      `${where}${JSON.stringify(rule.slice(0, 200))} is no rule: write '+ PATTERN' or '- PATTERN'`,
    )
  }
  return { takes: sign === '+', pattern }
}

/** The rules of a filter file: one a line, `#` and `;` begin comments, space around a rule does not count. @throws InvalidConfig with the line */
export function parseFilterRules(text: string): string[] {
  const rules: string[] = []
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    const rule = line.trim()
    if (rule === '' || rule.startsWith('#') || rule.startsWith(';')) continue
    const { takes, pattern } = splitRule(rule, `line ${index + 1}: `)
    const kept = pattern.trimStart()
    try {
      compilePattern(kept)
    } catch (error) {
      throw storageError(
        'InvalidConfig',
        `line ${index + 1}: ${error instanceof Error ? error.message : String(error)}`,
        {
          cause: error,
        },
      )
    }
    rules.push(`${takes ? '+' : '-'} ${kept}`)
  }
  return rules
}
