import { spawn, spawnSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, test, vi } from 'vitest'
import { progressRows, totalLine } from '../src/progress.ts'
import { commandWords, workplace, type Workplace } from './kit-command.ts'
import { screenAfter } from './screen.ts'

vi.setConfig({ testTimeout: 120_000 })

/** Gives a command a terminal of its own (util-linux). */
const recorder = 'script'
const hasRecorder = spawnSync(recorder, ['--version']).status === 0
if (!hasRecorder) console.warn('tests of a terminal are skipped: there is no `script` (util-linux)')

/** Runs the command with a terminal for standard output and error. */
async function onTerminal(
  { folder }: Workplace,
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number | null; readonly written: string }> {
  const command = [process.execPath, ...(await commandWords()), ...words].map(quoted).join(' ')
  // Where `CI` is set, Node holds every terminal to be without colours.
  const { NO_COLOR: _no, FORCE_COLOR: _force, CI: _ci, ...inherited } = process.env
  const child = spawn(recorder, ['-qefc', `stty cols 120 rows 24; exec ${command}`, '/dev/null'], {
    cwd: folder,
    env: { ...inherited, TERM: 'xterm', KIT_HOME: join(folder, 'home'), ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exit = new Promise<number | null>((resolve) => child.on('exit', resolve))
  const written = await text(child.stdout)
  return { code: await exit, written }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`
}

describe.runIf(hasRecorder)('on a terminal', () => {
  test('progress has rows and sums while it goes on, and leaves one line of sums', async () => {
    const place = await workplace()
    await mkdir(join(place.folder, 'many'))
    for (let index = 0; index < 40; index++)
      await writeFile(join(place.folder, 'many', `file-${index}`), 'x'.repeat(1000))
    const { code, written } = await onTerminal(place, ['cp', '-r', 'many', 'a:many', '--progress'])
    expect(code).toBe(0)
    expect(written).toMatch(/\d+ of \d+.* {2}· {2}.*B\/s/)
    expect(screenAfter(written)).toStrictEqual([expect.stringMatching(/^copied 40, 1 directory, 39\.1 KiB in \d/), ''])
  })

  test('the progress of an add goes, and its CID stays', async () => {
    const place = await workplace('stores:\n  c: { type: content, path: content }\n')
    await writeFile(join(place.folder, 'large'), Buffer.alloc(8 << 20))
    const { code, written } = await onTerminal(place, ['add', '--progress', 'large'])
    expect(code).toBe(0)
    expect(written).toMatch(/large .* MiB/)
    expect(screenAfter(written)).toStrictEqual([expect.stringMatching(/^bafy\S+$/), ''])
  })

  test('a CAR is not written to it', async () => {
    const place = await workplace('stores:\n  c: { type: content, path: content }\n')
    await place.kit(['cp', '-', 'c:a'], { input: 'a' })
    const { code, written } = await onTerminal(place, ['car', 'export', 'c:a'])
    expect({ code, written }).toStrictEqual({ code: 2, written: expect.stringContaining('no text for a terminal') })
  })

  test('standard output and progress do not run into each other', async () => {
    const place = await workplace()
    await mkdir(join(place.folder, 'many'))
    for (let index = 0; index < 20; index++) await writeFile(join(place.folder, 'many', `file-${index}`), 'x')
    const { written } = await onTerminal(place, ['cp', '-r', 'many', 'a:many', '--progress', '--json'])
    const lines = screenAfter(written).filter((line) => line.startsWith('{'))
    expect(lines.length).toBeGreaterThanOrEqual(1)
    expect(written).not.toMatch(/[^\n]\{"type":"result"/)
  })

  test.each([
    ['check', 'many', 'none'],
    ['du', 'many'],
    ['rm', '-r', 'many'],
  ])('%s counts while it goes on', async (...words) => {
    const place = await workplace()
    await mkdir(join(place.folder, 'many'))
    await mkdir(join(place.folder, 'none'))
    for (let index = 0; index < 5; index++) await writeFile(join(place.folder, 'many', `file-${index}`), 'x')
    const { written } = await onTerminal(place, [...words, '--progress'])
    expect(written).toMatch(/7l\d+ (?:compared|objects?|removals?)/)
    expect(screenAfter(written).join('\n')).not.toMatch(/compared|objects|removal/)
  })

  test('quiet shows none of it', async () => {
    const place = await workplace()
    await writeFile(join(place.folder, 'x'), 'x')
    expect(await onTerminal(place, ['cp', 'x', 'a:x', '--progress', '--quiet'])).toStrictEqual({ code: 0, written: '' })
  })

  test('control characters of names are spelt out, in listings and in errors', async () => {
    const place = await workplace()
    await mkdir(join(place.folder, 'data'))
    await writeFile(join(place.folder, 'data', 'a\u001B[31mb\nc\u202Ed'), '')
    const listed = await onTerminal(place, ['ls', 'a:'])
    expect(screenAfter(listed.written)).toStrictEqual([String.raw`a\x1b[31mb\x0ac\u202ed`, ''])
    const failed = await onTerminal(place, ['cat', 'a:no\u001B[31m\u009Bx'], { NO_COLOR: '1' })
    expect(failed.code).toBe(4)
    expect(screenAfter(failed.written).join('\n')).toMatch(/^kit: NotFound: read "no\S*x" on a/)
  })

  test('errors are coloured unless NO_COLOR is set', async () => {
    const place = await workplace()
    expect((await onTerminal(place, ['cat', 'a:none'])).written).toContain('\u001B[31mkit:\u001B[39m')
    expect((await onTerminal(place, ['cat', 'a:none'], { NO_COLOR: '1' })).written).not.toContain('\u001B')
  })
})

test('FORCE_COLOR colours where there is no terminal', async () => {
  const { kit } = await workplace()
  const { stderr } = await kit(['cat', 'a:none'], { environment: { FORCE_COLOR: '1' } })
  expect(stderr).toContain('\u001B[31mkit:')
})

test('without a terminal there is no progress unless it is asked for', async () => {
  const { folder, kit } = await workplace()
  await writeFile(join(folder, 'x'), 'x')
  expect((await kit(['cp', 'x', 'a:x'])).stderr).toBe('')
  expect((await kit(['cp', '-f', 'x', 'a:x', '--progress'])).stderr).toMatch(/^copied 1, 1 B in /)
})

describe('progress', () => {
  const progress = {
    items: { done: 2, failed: 1, skipped: 4, total: 10 },
    bytes: { done: 1536, total: 1 << 30 },
    planning: false,
    bytesPerSecond: 2048,
    remainingSeconds: 3725,
    active: Array.from({ length: 30 }, (_, index) => ({ key: `a\u001B${'x'.repeat(60)}${index}`, bytes: 1, total: 4 })),
  }

  test('is items, bytes, speed and what remains', () => {
    expect(totalLine(progress)).toBe(
      '3 of 10  ·  1.50 KiB of 1.00 GiB  ·  2.00 KiB/s  ·  1:02:05 h left  ·  4 skipped  ·  1 failure',
    )
    expect(totalLine({ ...progress, planning: true, remainingSeconds: undefined })).toMatch(
      /^3 of 10\+ .* 1\.00 GiB\+ /,
    )
  })

  test('has no more rows than the terminal, and names without control characters', () => {
    for (const height of [1, 3, 10, 100]) {
      const rows = progressRows(progress, height)
      expect(rows.length).toBeLessThanOrEqual(Math.max(2, height))
      expect(rows.join('')).not.toContain('\u001Bx')
    }
  })
})
