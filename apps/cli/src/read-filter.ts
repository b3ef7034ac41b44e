import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { fromErrno, parseBytes } from '@kit/core'
import { createFilter, parseFilterRules, type Filter } from '@kit/core/transfer'
import type { FilterFlags } from './declare-options.ts'
import { parseTime } from './quantities.ts'

/** The filter that a verb's options make, undefined where there are none. @throws InvalidConfig for what is no rule, size or time */
export async function readFilter(flags: FilterFlags): Promise<Filter | undefined> {
  const { include, exclude, minSize, maxSize, newerThan, olderThan } = flags
  const rules = [...(flags.filter ?? [])]
  for (const file of flags.filterFrom ?? []) rules.push(...parseFilterRules(await textOf(file)))
  const present = [include, exclude, flags.filter, flags.filterFrom, minSize, maxSize, newerThan, olderThan]
  if (present.every((value) => value === undefined)) return undefined
  const now = Date.now()
  return createFilter({
    rules,
    exclude,
    include,
    minSize: minSize === undefined ? undefined : parseBytes(minSize),
    maxSize: maxSize === undefined ? undefined : parseBytes(maxSize),
    changedFrom: newerThan === undefined ? undefined : parseTime('--newer-than', newerThan, now),
    changedBefore: olderThan === undefined ? undefined : parseTime('--older-than', olderThan, now),
  })
}

async function textOf(file: string): Promise<string> {
  if (file === '-') return text(process.stdin)
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw fromErrno(error, { operation: 'read', key: file })
  }
}
