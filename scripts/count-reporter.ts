// The end of a test run: what ran in each package, what was skipped and why, and on the last line of all `N passed, N failed`.
import { writeFileSync } from 'node:fs'
import type { Reporter, SerializedError, TestCase, TestModule, TestRunEndReason, TestSuite } from 'vitest/node'

interface Counts {
  passed: number
  failed: number
  skipped: number
}

/** In CI every server is there, so a test that did not run is a failure. */
const skipIsFailure = Boolean(process.env.CI) && process.env.CI !== 'false'

export default class CountReporter implements Reporter {
  #watching = false
  #countFile: string | undefined

  onInit(vitest: { readonly config: { readonly watch: boolean } }): void {
    this.#watching = vitest.config.watch
    this.#countFile = process.env.KIT_COUNT_FILE
    // A test that starts vitest again must not overwrite this run's count.
    delete process.env.KIT_COUNT_FILE
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[], reason: TestRunEndReason): void {
    const { perPackage, skips } = readModules(modules)
    const all = sum([...perPackage.values()])
    const failed = all.failed + unhandled.length + (skipIsFailure ? all.skipped : 0)
    if (failed > 0 || reason === 'interrupted') process.exitCode = 1
    const last = `${all.passed} passed, ${failed} failed`
    console.log(`\n${[...packageTable(perPackage), ...skipTable(skips, all.skipped)].join('\n')}\n`)
    // Read by the program that started this run; without it a run that broke down would end without a count.
    if (this.#countFile) writeFileSync(this.#countFile, last)
    else if (this.#watching) console.log(last)
    // Whatever else has something to say at the end has said it by then.
    else process.once('exit', () => process.stdout.write(`${last}\n`))
  }
}

/** Skipped tests by file, then by reason. */
type Skips = Map<string, Map<string, number>>

function readModules(modules: readonly TestModule[]): { perPackage: Map<string, Counts>; skips: Skips } {
  const perPackage = new Map<string, Counts>()
  const skips: Skips = new Map()
  for (const module of modules) {
    const file = module.relativeModuleId
    const counts = entryOf(perPackage, packageOf(file), () => ({ passed: 0, failed: 0, skipped: 0 }))
    // A file or suite that breaks outside its tests has no failed test to show for it.
    counts.failed += module.errors().length
    for (const suite of module.children.allSuites()) counts.failed += suite.errors().length
    for (const test of module.children.allTests()) {
      const { state } = test.result()
      // A test still pending at the end never ran: the run was broken off.
      counts[state === 'pending' ? 'skipped' : state] += 1
      if (state === 'passed' || state === 'failed') continue
      const reasons = entryOf(skips, file, () => new Map<string, number>())
      const why = reasonOf(test)
      reasons.set(why, (reasons.get(why) ?? 0) + 1)
    }
  }
  return { perPackage, skips }
}

function reasonOf(test: TestCase): string {
  const result = test.result()
  if (result.state === 'skipped' && result.note) return result.note
  if (result.state === 'pending') return 'the run ended before it'
  for (let parent: TestModule | TestSuite = test.parent; ; parent = parent.parent) {
    if (parent.errors().length > 0) return 'its suite failed'
    if (parent.type === 'module') break
  }
  return test.options.mode === 'todo' ? 'not written yet' : 'no reason given'
}

/** The folder that the count is kept under: `packages/core`, or `scripts`. */
function packageOf(file: string): string {
  const [first = '', second = ''] = file.split('/')
  return first === 'packages' || first === 'apps' ? `${first}/${second}` : first
}

function packageTable(perPackage: ReadonlyMap<string, Counts>): readonly string[] {
  const rows = [...perPackage].toSorted(([one], [other]) => (one < other ? -1 : 1))
  const width = Math.max(7, ...rows.map(([name]) => name.length))
  return [
    `${'package'.padEnd(width)}  passed  failed  skipped`,
    ...rows.map(
      ([name, { passed, failed, skipped }]) =>
        `${name.padEnd(width)}  ${String(passed).padStart(6)}  ${String(failed).padStart(6)}  ${String(skipped).padStart(7)}`,
    ),
  ]
}

function skipTable(skips: Skips, total: number): readonly string[] {
  if (skips.size === 0) return []
  const lines = ['', `${total} skipped${skipIsFailure ? ', and in CI a skipped test counts as failed' : ''}`]
  for (const [file, reasons] of skips) {
    lines.push(`  ${file}`)
    for (const [why, count] of reasons) lines.push(`  ${String(count).padStart(6)}  ${why}`)
  }
  return lines
}

function sum(counts: readonly Counts[]): Counts {
  const total = { passed: 0, failed: 0, skipped: 0 }
  for (const { passed, failed, skipped } of counts) {
    total.passed += passed
    total.failed += failed
    total.skipped += skipped
  }
  return total
}

function entryOf<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const value = map.get(key) ?? make()
  map.set(key, value)
  return value
}
