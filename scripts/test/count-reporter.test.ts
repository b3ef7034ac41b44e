import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const reporter = join(import.meta.dirname, '../count-reporter.ts')
const vitest = join(import.meta.dirname, '../../node_modules/vitest/vitest.mjs')

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kit-count-'))
  mkdirSync(join(folder, 'packages/core/test'), { recursive: true })
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Runs one test file on its own and gives the printed lines. */
function run(
  body: string,
  environment: NodeJS.ProcessEnv,
): { readonly status: number | null; readonly lines: string[] } {
  writeFileSync(join(folder, 'packages/core/test/a.test.ts'), body)
  const { CI: _ci, VITEST: _vitest, KIT_COUNT_FILE: _file, ...inherited } = process.env
  const { status, stdout } = spawnSync(
    process.execPath,
    [vitest, 'run', '--globals', '--root', folder, '--reporter=default', `--reporter=${reporter}`],
    { encoding: 'utf8', env: { ...inherited, NO_COLOR: '1', ...environment } },
  )
  return { status, lines: stdout.trimEnd().split('\n') }
}

const mixed = `
  it('passes', () => {})
  it('needs a server', (ctx) => ctx.skip('no server'))
  it('needs it too', (ctx) => ctx.skip('no server'))
  it.todo('will be')
`

describe('CountReporter', () => {
  it('ends with the count, after what ran and why the rest did not', () => {
    const { status, lines } = run(mixed, {})
    expect(lines.at(-1)).toBe('1 passed, 0 failed')
    expect(lines.join('\n')).toMatch(/packages\/core +1 +0 +3\n/)
    expect(lines.join('\n')).toMatch(
      /3 skipped\n {2}packages\/core\/test\/a.test.ts\n +2 {2}no server\n +1 {2}not written yet\n/,
    )
    expect(status).toBe(0)
  })

  it('counts a skipped test as failed in CI', () => {
    const { status, lines } = run(mixed, { CI: 'true' })
    expect(lines.at(-1)).toBe('1 passed, 3 failed')
    expect(status).toBe(1)
  })

  it('counts a file that cannot be loaded, and an error outside all tests', () => {
    expect(run("throw new Error('broken')", {}).lines.at(-1)).toBe('0 passed, 1 failed')
    const stray = "it('passes', () => { Promise.reject(new Error('nobody waits')) })"
    expect(run(stray, {})).toMatchObject({ status: 1, lines: expect.arrayContaining(['1 passed, 1 failed']) })
  })
})
