// Runs one suite: `npm run bench -- SUITE [--quick] [--json] [--only TEXT]`. Exit code 1 when a case is below its floor or over its limit.
import { existsSync, globSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import type { Cases, Result } from './case.ts'
import { runCase } from './harness.ts'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
})
const [suite = '', ...others] = positionals
const file = join(import.meta.dirname, 'suites', `${suite}.ts`)
if (others.length > 0 || !existsSync(file)) {
  const suites = globSync('suites/*.ts', { cwd: import.meta.dirname }).map((path) => basename(path, '.ts'))
  console.error(
    `usage: npm run bench -- SUITE [--quick] [--json] [--only TEXT], where SUITE is one of: ${suites.join(', ')}`,
  )
  process.exit(2)
}

const settings = { quick: values.quick }
const { cases }: { readonly cases: Cases } = await import(pathToFileURL(file).href)
const chosen = (typeof cases === 'function' ? cases(settings) : cases).filter(({ name }) => name.includes(values.only))
if (chosen.length === 0) throw new Error(`no case of ${suite} has "${values.only}" in its name`)
const width = Math.max(...chosen.map(({ name }) => name.length))
if (!values.json) console.log(row('case', 'kit', 'peer', 'ratio', 'floor', 'middle half'))
for (const one of chosen) {
  const result = await runCase(one, settings)
  console.log(values.json ? lineOfJson(result) : lineOfTable(result))
  if (!values.json && one.note !== undefined) console.log(`  ${one.note}`)
  if (!result.passed) process.exitCode = 1
}

function lineOfJson({ case: name, kit, peer, ratio, floor }: Result): string {
  return JSON.stringify({ case: name, kit, peer: peer ?? null, ratio: ratio ?? null, floor: floor ?? null })
}

function lineOfTable(result: Result): string {
  const { kit, peer, peerName, ratio, floor, unit, spread } = result
  const compared = ratio !== undefined
  const line = row(
    result.case,
    `${figure(kit)} ${unit}`,
    peer === undefined ? '-' : `${figure(peer)} ${peerName}`,
    compared ? ratio.toFixed(2) : '-',
    floor === undefined ? '-' : compared ? floor.toFixed(2) : `≤ ${figure(floor)}`,
    spread.map((value) => (compared ? value.toFixed(2) : figure(value))).join(' – '),
  )
  if (!result.passed) return `${line}  FAILED`
  return result.aimed ? line : `${line}  below its aim`
}

function row(name: string, kit: string, peer: string, ratio: string, floor: string, spread: string): string {
  return [
    name.padEnd(width),
    kit.padStart(16),
    peer.padStart(22),
    ratio.padStart(6),
    floor.padStart(8),
    spread.padStart(15),
  ].join('  ')
}

function figure(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: value < 1000 ? 3 : 4 })
}
