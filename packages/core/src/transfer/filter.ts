import type { Entry } from '../backend/index.ts'
import { storageError } from '../errors/index.ts'

/**
 * Which objects a verb is about: plain data, the same for every verb, for REST and for a file. Rules are looked at in order and the first
 * that matches decides; where none does, an object is taken unless there was an `include` or `+` rule.
 */
export interface FilterRules {
  /** `+ PATTERN` and `- PATTERN`, in order, as a filter file has them. Before `include` and `exclude`. */
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

/** Rules made ready. Keys are relative to the directory that the verb is about. */
export interface Filter {
  admits(key: string, entry: Pick<Entry, 'kind' | 'size' | 'modified'>): boolean
}

/** @throws InvalidConfig, naming the rule */
export function createFilter(_rules: FilterRules): Filter {
  throw storageError('Unsupported', 'filters are being built')
}

/** The rules of a filter file: one a line, `#` and `;` begin comments. @throws InvalidConfig with the line */
export function parseFilterRules(_text: string): string[] {
  throw storageError('Unsupported', 'filters are being built')
}
