// The tutorial, run from its own text: its shell blocks in one shell, in order; what each prints is compared with the block below it.
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort, temporaryFolder } from '@kit/test-servers'
import { beforeAll, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const page = readFileSync(join(root, 'docs/tutorial.md'), 'utf8')
/** This test was started with it; fetching it again would install packages under the feet of other tests. */
const toolchain = 'node scripts/toolchain.mjs pnpm exec '

interface Step {
  readonly script: string
  /** What it prints, where the page says so. */
  readonly expected: string | undefined
}

function stepsOf(text: string): Step[] {
  const blocks = text.matchAll(/^```sh\n([\s\S]*?)^```\n(?:\n```text\n([\s\S]*?)^```$)?/gm)
  return [...blocks].map(([, script = '', expected]) => ({ script, expected }))
}

const literal = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)

/** `…` is any text within a line; a line of it alone, any lines. */
function pattern(expected: string): RegExp {
  const lines = expected.trimEnd().split('\n')
  const source = lines.map((line) => {
    if (line === '…') return String.raw`(?:[^\n]*(?:\n|$))*?`
    return `${line
      .split('…')
      .map(literal)
      .join(String.raw`[^\n]*`)}(?:\n|$)`
  })
  return new RegExp(`^${source.join('')}$`)
}

/** Runs all steps in one POSIX shell, as a reader would, and gives what each printed. A step that fails ends the shell. */
async function runAll(steps: readonly Step[], home: string): Promise<string[]> {
  const mark = randomUUID()
  const script = steps.map(({ script: step }) => `${step}\necho ${mark}`).join('\n')
  const env = { ...process.env, KIT_HOME: home, NODE_OPTIONS: '' }
  const output = await new Promise<string>((resolve) => {
    const options = { cwd: root, env, timeout: 4 * 60_000 }
    execFile('sh', ['-e', '-c', `exec 2>&1\n${script}`], options, (error, stdout) => {
      resolve(error === null ? stdout : `${stdout}\n(the shell ended with ${error.code ?? error.signal})`)
    })
  })
  return output.split(`${mark}\n`)
}

const steps = stepsOf(page)
let printed: readonly string[] = []

beforeAll(async () => {
  await using home = await temporaryFolder('tutorial')
  // The port and the folder of the page may be taken on this machine.
  const port = String(await freePort())
  const folder = join(home.path, 'work')
  await mkdir(folder)
  const here = (text: string): string =>
    text.replaceAll('8000', port).replaceAll('/tmp/kit-tutorial', folder).replace(toolchain, 'node_modules/.bin/')
  const there = (text: string): string => text.replaceAll(port, '8000').replaceAll(folder, '/tmp/kit-tutorial')
  const ran = await runAll(
    steps.map(({ script, expected }) => ({ script: here(script), expected })),
    home.path,
  )
  printed = ran.map(there)
})

it('has steps to run', () => {
  expect(steps.length).toBeGreaterThan(10)
})

it.each(steps.map((step, index) => [step.script.split('\n', 1)[0] ?? '', step, index] as const))(
  '%s',
  (_title, { expected }, index) => {
    const said = printed[index] ?? `(not reached)\n${printed.at(-1)}`
    // Nothing said on the page is nothing printed.
    expect(said).toMatch(pattern(expected ?? ''))
    expect(said).not.toContain('(the shell ended')
  },
)
