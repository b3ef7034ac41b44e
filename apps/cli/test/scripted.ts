import { afterAll, beforeAll, expect, test } from 'vitest'
import { jsonLines, workplace, type Workplace } from './kit-command.ts'

/** One call of the command, in the state that those before it have left. */
export interface Step {
  /** `$name` stands for what an earlier step has kept under this name. */
  readonly words: readonly string[]
  readonly input?: string | undefined
  /** Exit code, 0 where absent. */
  readonly code?: number
  readonly stdout?: string | RegExp
  readonly stderr?: string | RegExp
  /** Lines of `--json`, in any order but for the result, which is last. */
  readonly lines?: readonly object[]
  readonly before?: (folder: string) => Promise<unknown>
  readonly after?: (folder: string) => Promise<unknown>
  /** Keeps the first word of standard output under a name; of the last line where the name begins with `last`. */
  readonly keep?: string
}

/** A test for each call, one after the other, in one folder with this configuration; within a `describe`. */
export function scripted(config: string, steps: readonly Step[]): void {
  let place: Workplace
  let clean: (() => Promise<void>) | undefined
  const kept = new Map<string, string>()
  beforeAll(async () => {
    place = await workplace(config, (cleaning) => (clean = cleaning))
  })
  afterAll(() => clean?.())

  test.each(steps.map((step, index) => [`${index + 1}. kit ${step.words.join(' ')}`, step] as const))(
    '%s',
    async (_title, step) => {
      const { input, code = 0, stdout, stderr, lines, before, after, keep } = step
      const words = step.words.map((word) => word.replaceAll(/\$(\w+)/g, (_, name: string) => kept.get(name) ?? ''))
      await before?.(place.folder)
      const ended = await place.kit(words, { input })
      expect(ended, JSON.stringify(ended)).toMatchObject({ code })
      if (stdout !== undefined) expectText(ended.stdout, stdout)
      if (stderr !== undefined) expectText(ended.stderr, stderr)
      if (words.includes('--json') && lines !== undefined) expectLines(ended.stdout, lines, code)
      if (code !== 0 && !words.includes('--json') && code !== 9 && code !== 11) {
        expect(ended.stderr).toMatch(/^kit: |\nkit: /)
        expect(ended.stderr).toMatch(/\nhint: |^\(Did you mean|help/m)
      }
      if (keep !== undefined) {
        const told = ended.stdout.trimEnd().split('\n')
        kept.set(keep, (keep.startsWith('last') ? told.at(-1) : told[0])?.split(' ')[0] ?? '')
      }
      await after?.(place.folder)
    },
  )
}

function expectText(text: string, wanted: string | RegExp): void {
  if (typeof wanted === 'string') expect(text).toBe(wanted)
  else expect(text).toMatch(wanted)
}

/** The shape of every result (E1), and lines of a kind in the order of what they are about. */
function expectLines(stdout: string, wanted: readonly object[], code: number): void {
  const lines = jsonLines(stdout)
  const result = lines.at(-1)
  const failed = ![0, 9, 11].includes(code)
  expect(result).toMatchObject({
    type: 'result',
    success: !failed,
    operation: expect.any(String),
    timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
    correlation_id: expect.stringMatching(/^[\da-f-]{36}$/),
    ...(failed && { error: { code: expect.any(String), message: expect.any(String), hint: expect.any(String) } }),
  })
  const order = (values: readonly object[]): readonly object[] =>
    values.slice(0, -1).toSorted((one, other) => sortText(one).localeCompare(sortText(other)))
  const body = order(lines)
  expect(body).toHaveLength(wanted.length - 1)
  if (wanted.slice(0, -1).some((line) => Object.keys(line).length > 0)) expect(body).toMatchObject(order(wanted))
  expect(result).toMatchObject(wanted.at(-1) ?? {})
}

function sortText(line: object): string {
  const { type, to, from, address, key } = line as Record<string, unknown>
  return JSON.stringify([type, to ?? from ?? address ?? key])
}
