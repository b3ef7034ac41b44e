import { abort } from './abort.ts'
import { append, update } from './append-update.ts'
import { atomic } from './atomic.ts'
import { attributes } from './attributes.ts'
import { batch } from './batch.ts'
import { selectCases, type Case, type CaseGroup, type Skipped } from './case.ts'
import { changes } from './changes.ts'
import { conditions } from './conditions.ts'
import { blocks, content, pins } from './content.ts'
import { contract } from './contract.ts'
import { copyMove } from './copy-move.ts'
import { deleting } from './delete.ts'
import { directories } from './directories.ts'
import { errors } from './errors.ts'
import { faults } from './faults.ts'
import { gates } from './gates.ts'
import { get } from './get.ts'
import { handles } from './handles.ts'
import { hashes } from './hashes.ts'
import { keys } from './keys.ts'
import { limits } from './limits.ts'
import { links } from './links.ts'
import { list } from './list.ts'
import { manifest } from './manifest.ts'
import { memory } from './memory.ts'
import { put } from './put.ts'
import { races } from './races.ts'
import { search } from './search.ts'
import { stat } from './stat.ts'
import type { Subject } from './subject.ts'
import { upload } from './upload.ts'
import { url } from './url.ts'
import { usage } from './usage.ts'
import { versions } from './versions.ts'

const groups: readonly CaseGroup[] = [
  manifest,
  put,
  get,
  stat,
  list,
  deleting,
  attributes,
  hashes,
  conditions,
  copyMove,
  append,
  update,
  keys,
  limits,
  errors,
  gates,
  directories,
  links,
  handles,
  upload,
  batch,
  versions,
  url,
  search,
  usage,
  changes,
  blocks,
  content,
  pins,
  atomic,
  races,
  abort,
  contract,
  faults,
  memory,
]

/**
 * The cases that apply to the subject, chosen by its capabilities alone. Each can run by itself, in any order, with any test runner:
 * `for (const { name, run } of conformance(subject)) it(name, run)`.
 */
export function conformance(subject: Subject): readonly Case[] {
  return selectCases(groups, subject).cases
}

/** The cases that do not apply, each with the first thing that it needs and the subject lacks. */
export function skippedCases(subject: Subject): readonly Skipped[] {
  return selectCases(groups, subject).skipped
}

export interface Failure {
  readonly name: string
  readonly error: unknown
}

export interface Report {
  /** Names of the cases that passed. */
  readonly passed: readonly string[]
  readonly failed: readonly Failure[]
  readonly skipped: readonly Skipped[]
}

export interface RunOptions {
  /** Only cases whose name matches. */
  readonly only?: RegExp | undefined
  /** Called after each case, to print it. */
  readonly onResult?: ((name: string, error: unknown) => void) | undefined
}

/** Runs every case that applies, one after the other, and tells all that is wrong. Capabilities are asked of an opened store if need be. */
export async function runConformance(subject: Subject, options: RunOptions = {}): Promise<Report> {
  const known = subject.capabilities !== undefined || subject.plugin !== undefined
  const told = known ? subject : Object.assign(Object.create(subject), { capabilities: await ask(subject) })
  const { cases, skipped } = selectCases(groups, told)
  const passed: string[] = []
  const failed: Failure[] = []
  for (const { name, run } of cases) {
    if (options.only?.test(name) === false) continue
    try {
      await run()
      passed.push(name)
      options.onResult?.(name, undefined)
    } catch (error) {
      failed.push({ name, error })
      options.onResult?.(name, error)
    }
  }
  return { passed, failed, skipped }
}

async function ask(subject: Subject): Promise<Subject['capabilities']> {
  await using store = await subject.open()
  return store.capabilities
}
