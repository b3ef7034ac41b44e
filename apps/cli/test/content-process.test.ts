import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import { commandWords, workplace, type Workplace } from './kit-command.ts'

vi.setConfig({ testTimeout: 120_000 })

const config = 'stores:\n  c: { type: content, path: content }\n'

/** A store with some content, and a command that holds it open for writing: it waits for the rest of its input. */
async function busy(): Promise<Workplace & { readonly holder: ReturnType<Workplace['start']> }> {
  const place = await workplace(config)
  await place.kit(['cp', '-', 'c:a.txt'], { input: 'a' })
  const holder = place.start(['add', '-'])
  holder.child.stdin.write('the beginning')
  // Until it has the lock.
  for (;;) {
    const { code } = await place.kit(['pin', 'add', 'c:a.txt', '--name', 'probe'])
    if (code !== 0) break
    await delay(20)
  }
  return { ...place, holder }
}

describe('a content store that another process writes to', () => {
  test('is read all the same: log, diff and check; what would write says who has it', async () => {
    const { kit, holder } = await busy()
    const refused = await kit(['add', '--json', '-'], { input: 'x' })
    expect(refused).toMatchObject({ code: 5, stdout: expect.stringContaining('"code":"Unavailable"') })
    expect(refused.stdout).toContain(String(holder.child.pid))
    expect(await kit(['log', 'c:'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^bafyrei\S+ /) })
    expect(await kit(['diff', 'c:'])).toMatchObject({ code: 0, stdout: '+ a.txt\n' })
    expect(await kit(['check', 'c:'])).toMatchObject({ code: 0, stderr: expect.stringMatching(/^sound: /) })
    holder.child.stdin.end()
    expect(await holder.ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^bafk\S+\n$/) })
  })

  test('Ctrl-C ends an add at once; no pin is left, and what it wrote goes with the next collection', async () => {
    const { kit, holder } = await busy()
    holder.child.stdin.write(Buffer.alloc(3 << 20, 7))
    holder.child.kill('SIGINT')
    expect(await holder.ended).toMatchObject({ code: 130, stdout: '', stderr: '' })
    expect((await kit(['pin', 'ls'])).stdout).not.toMatch(/recursive\n/)
    expect(await kit(['gc'])).toMatchObject({ code: 0 })
    expect(await kit(['check', 'c:'])).toMatchObject({ code: 0 })
    expect(await kit(['gc'])).toMatchObject({ code: 0, stdout: '' })
  })
})

describe('a reader that goes away', () => {
  test('is no error of car export, and 141 of add: it has not done all it was to do', async () => {
    const place = await workplace(config)
    await mkdir(join(place.folder, 'many'))
    const files = Array.from({ length: 300 }, (_, at) => `many/file-${at}`)
    await Promise.all(files.map((file) => writeFile(join(place.folder, file), file.repeat(2000))))
    const { stdout } = await place.kit(['add', '-r', 'many'])
    expect(await unread(place, ['car', 'export', stdout.trim()])).toStrictEqual({ code: 0, stderr: '' })
    expect(await unread(place, ['add', ...files])).toStrictEqual({ code: 141, stderr: '' })
  })
})

/** Runs a command whose standard output is closed by its reader after the first bytes. */
async function unread(
  { folder }: Workplace,
  words: readonly string[],
): Promise<{ readonly code: number | null; readonly stderr: string }> {
  const child = spawn(process.execPath, [...(await commandWords()), ...words], {
    cwd: folder,
    env: { ...process.env, KIT_HOME: join(folder, 'home') },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  child.stdout.once('data', () => child.stdout.destroy())
  const [code]: (number | null)[] = await once(child, 'close')
  return { code: code ?? null, stderr }
}
