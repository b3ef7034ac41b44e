import { toStorageError, type Capabilities } from '@kit/core'
import type { Kit, StoreTest, StoreTestStep } from '@kit/manager'
import type { Session } from '../session.ts'
import { capabilityChanges } from './capability-rows.ts'

/** What `--json` tells of a test of a store. */
export interface TestFields {
  readonly ok: boolean
  readonly steps: readonly object[]
  /** With `--probe`: what the server has otherwise than the plugin declares. */
  readonly differences?: readonly string[]
  readonly probed?: Capabilities
}

/** Tests a store, telling each step as it ends. Gives what to report and the first failure. */
export async function testAloud(
  session: Session,
  kit: Kit,
  name: string,
  { write, probe }: { readonly write: boolean; readonly probe: boolean },
): Promise<{ readonly fields: TestFields; readonly failure: unknown }> {
  const { output, call } = session
  const writes: Promise<void>[] = []
  const report = await kit.test(name, {
    ...call,
    write,
    probe,
    onStep: (step) => {
      if (!output.json) writes.push(output.write(lineOf(step)))
    },
  })
  await Promise.all(writes)
  const differences = await differencesOf(kit, name, report)
  if (!output.json && differences !== undefined) await output.write(advice(differences))
  return {
    fields: {
      ok: report.ok,
      steps: report.steps.map(({ error, ...step }) => (error === undefined ? step : { ...step, error: told(error) })),
      ...(differences === undefined ? {} : { differences }),
      ...(report.probed === undefined ? {} : { probed: report.probed }),
    },
    failure: report.steps.find(({ outcome }) => outcome === 'failed')?.error,
  }
}

function told(error: unknown): object {
  const { code, message } = toStorageError(error)
  return { code, message }
}

function lineOf({ step, outcome, ms, why }: StoreTestStep): string {
  const time = outcome === 'skipped' ? '' : `${ms.toFixed(1)} ms`
  return `${outcome.padEnd(7)}  ${step.padEnd(6)}  ${(why ?? time).trim()}`.trimEnd().concat('\n')
}

async function differencesOf(kit: Kit, name: string, { probed }: StoreTest): Promise<readonly string[] | undefined> {
  if (probed === undefined) return undefined
  return capabilityChanges((await kit.store(name)).capabilities, probed)
}

function advice(differences: readonly string[]): string {
  if (differences.length === 0) return 'the server can do all that the plugin declares\n'
  const lines = differences.map((line) => `  ${line}\n`).join('')
  return `the server can do less than the plugin declares; set the options of the type that say so (kit plugin info TYPE):\n${lines}`
}
