import { effectiveCapabilities, type Capabilities } from '@kit/core'
import { broken, isBroken, within } from './expect.ts'
import { unmet, type Need } from './needs.ts'
import { Scene } from './scene.ts'
import type { Subject } from './subject.ts'

/** One behaviour. `run` opens what it needs and closes it; it rejects with an Error that names the broken rule. */
export interface Case {
  /** Group and a sentence: unique. */
  readonly name: string
  readonly group: string
  readonly needs: readonly Need[]
  run(): Promise<void>
}

/** A case that the subject does not have what it takes for. */
export interface Skipped {
  readonly name: string
  /** What is missing. */
  readonly needs: Need
}

export interface Definition {
  readonly title: string
  readonly needs?: readonly Need[]
  run(scene: Scene): Promise<void>
}

export interface CaseGroup {
  readonly name: string
  /** What every case of the group needs. */
  readonly needs: readonly Need[]
  readonly cases: readonly Definition[]
}

/** The subject's capabilities, without opening anything. */
function declaredCapabilities(subject: Subject): Capabilities {
  if (subject.capabilities !== undefined) return subject.capabilities
  if (subject.plugin !== undefined) return effectiveCapabilities(subject.plugin.capabilities)
  throw new Error('conformance: give `capabilities` (those of an opened store) or `plugin`, to choose the cases by')
}

export function selectCases(
  groups: readonly CaseGroup[],
  subject: Subject,
): { readonly cases: readonly Case[]; readonly skipped: readonly Skipped[] } {
  const capabilities = declaredCapabilities(subject)
  const cases: Case[] = []
  const skipped: Skipped[] = []
  for (const group of groups) {
    for (const definition of group.cases) {
      const needs = [...group.needs, ...(definition.needs ?? [])]
      const name = `${group.name}: ${definition.title}`
      const missing = unmet(needs, capabilities, subject)
      if (missing !== undefined) skipped.push({ name, needs: missing })
      else cases.push({ name, group: group.name, needs, run: () => runCase(definition, subject, capabilities) })
    }
  }
  return { cases, skipped }
}

async function runCase(definition: Definition, subject: Subject, capabilities: Capabilities): Promise<void> {
  const patienceMs = subject.patienceMs ?? 3000
  const limitMs = patienceMs * (subject.scale === 'full' ? 100 : 10)
  const handlesBefore = await subject.handles?.()
  const failures: unknown[] = []
  const scene = await subject.open().then(
    (store) => new Scene(subject, capabilities, store),
    (error: unknown) => void failures.push(error),
  )
  if (scene !== undefined) {
    try {
      await within(limitMs, definition.run(scene), 'every case ends')
    } catch (error) {
      failures.push(error)
    }
    try {
      await within(patienceMs * 2, scene.end(), 'closing: a store closes soon, whatever was done with it')
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw named(failures[0], definition.title)
  if (handlesBefore !== undefined) await handlesFreed(subject, handlesBefore, patienceMs)
}

/** What a call threw where it should have succeeded, as a broken rule: the case's own. */
function named(failure: unknown, title: string): unknown {
  if (isBroken(failure)) return failure
  const error = broken(title, 'success of every call that should succeed', failure)
  error.cause = failure
  return error
}

async function handlesFreed(subject: Subject, before: number, patienceMs: number): Promise<void> {
  const end = performance.now() + patienceMs
  let now = (await subject.handles?.()) ?? 0
  while (now > before) {
    if (performance.now() > end) {
      throw broken('closing: after close() no socket, handle or timer is left', `${before} open`, `${now} open`)
    }
    await new Promise((resolve) => setTimeout(resolve, 10))
    now = (await subject.handles?.()) ?? 0
  }
}
