// Runs every gate, then the tests: `npm test`. `--only NAME[,NAME]` runs some of them; a path narrows the tests to the files it is part of.
// A failed gate does not hide the next one.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { gates, type Gate } from './gates.ts'
import { runQuietly, runTests } from './run-command.ts'
import { root } from './workspace.ts'

interface Verdict {
  readonly name: string
  readonly state: 'ok' | 'FAILED' | 'skipped'
  readonly seconds: number
  readonly why: string
}

const names = [...gates.map(({ name }) => name), 'tests']
const { values, positionals } = parseArgs({ allowPositionals: true, options: { only: { type: 'string' } } })
const chosen = values.only?.split(',') ?? names
const unknown = chosen.filter((name) => !names.includes(name))
if (unknown.length > 0) {
  console.error(`no gate is called ${unknown.join(', ')}; there are: ${names.join(', ')}`)
  process.exit(2)
}

const verdicts: Verdict[] = []
for (const gate of gates.filter(({ name }) => chosen.includes(name))) {
  const started = performance.now()
  const { state, why, output } = await pass(gate)
  const verdict = { name: gate.name, state, why, seconds: (performance.now() - started) / 1000 }
  verdicts.push(verdict)
  console.log(lineOf(verdict))
  if (state === 'FAILED') console.log(`${output.trimEnd()}\n`)
}
const failed = verdicts.filter(({ state }) => state === 'FAILED')
if (failed.length > 0) {
  console.log(['gates', ...verdicts.map(lineOf)].join('\n'))
  process.exitCode = 1
}
if (chosen.includes('tests') && (await runTests(positionals)) !== 0) process.exitCode = 1

async function pass(gate: Gate): Promise<{ state: Verdict['state']; why: string; output: string }> {
  if (gate.file && !existsSync(join(root, gate.file))) {
    return { state: 'skipped', why: `${gate.file} is not there`, output: '' }
  }
  if (gate.needsBuild && verdicts.some(({ name, state }) => name === 'build' && state === 'FAILED')) {
    return { state: 'skipped', why: 'the build failed', output: '' }
  }
  let output = ''
  let state: Verdict['state'] = 'ok'
  for (const command of gate.commands) {
    const outcome = await runQuietly(command)
    if (outcome.code === 0) continue
    output += outcome.output
    state = 'FAILED'
  }
  return { state, why: state === 'FAILED' ? (gate.hint ?? '') : '', output }
}

function lineOf({ name, state, seconds, why }: Verdict): string {
  return `${state.padEnd(8)}${name.padEnd(12)}${seconds.toFixed(1).padStart(5)} s  ${why}`.trimEnd()
}
