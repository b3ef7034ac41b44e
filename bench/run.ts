// Runs one suite: `npm run bench -- SUITE [--quick] [--json]`. Exit code 1 when a case is below its floor or over its limit.
import { existsSync, globSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import type { Case, Result } from './case.ts'
import { runCase } from './harness.ts'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false } },
})
const [suite = '', ...others] = positionals
const file = join(import.meta.dirname, 'suites', `${suite}.ts`)
if (others.length > 0 || !existsSync(file)) {
  const suites = globSync('suites/*.ts', { cwd: import.meta.dirname }).map((path) => basename(path, '.ts'))
  console.error(`usage: npm run bench -- SUITE [--quick] [--json], where SUITE is one of: ${suites.join(', ')}`)
  process.exit(2)
}

const { cases }: { readonly cases: readonly Case[] } = await import(pathToFileURL(file).href)
const width = Math.max(...cases.map(({ name }) => name.length))
if (!values.json) console.log(row('case', 'kit', 'peer', 'ratio', 'floor'))
for (const one of cases) {
  const result = await runCase(one, { quick: values.quick })
  console.log(values.json ? lineOfJson(result) : lineOfTable(result))
  if (!result.passed) process.exitCode = 1
}

function lineOfJson({ case: name, kit, peer, ratio, floor }: Result): string {
  return JSON.stringify({ case: name, kit, peer: peer ?? null, ratio: ratio ?? null, floor })
}

function lineOfTable(result: Result): string {
  const { kit, peer, peerName, ratio, floor, unit } = result
  const line = row(
    result.case,
    `${figure(kit)} ${unit}`,
    peer === undefined ? '-' : `${figure(peer)} ${peerName}`,
    ratio === undefined ? '-' : ratio.toFixed(2),
    ratio === undefined ? `≤ ${figure(floor)}` : floor.toFixed(2),
  )
  if (!result.passed) return `${line}  FAILED`
  return result.aimed ? line : `${line}  below its aim`
}

function row(name: string, kit: string, peer: string, ratio: string, floor: string): string {
  return [name.padEnd(width), kit.padStart(16), peer.padStart(22), ratio.padStart(6), floor.padStart(8)].join('  ')
}

function figure(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: value < 1000 ? 3 : 4 })
}
