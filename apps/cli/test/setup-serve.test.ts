import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { usage } from '@kit/server'
import { describe, expect, test, vi } from 'vitest'
import { buildProgram } from '../src/program.ts'
import { jsonLines, workplace } from './kit-command.ts'
import { addressOf } from './listening.ts'

vi.setConfig({ testTimeout: 120_000 })

describe('kit serve', () => {
  test('serves the configured stores until it is told to stop (R9)', async () => {
    const { folder, kit, start } = await workplace()
    await mkdir(join(folder, 'data'))
    await writeFile(join(folder, 'data/x'), 'hello')
    const token = (await kit(['token', 'add', 'reader', '--path', 'a:'])).stdout.trim()
    const running = start(['serve', '--port', '0'])
    const url = await addressOf(running)
    const headers = { authorization: `Bearer ${token}` }
    expect(await (await fetch(`${url}/api/v1/stores/a/objects/x`, { headers })).text()).toBe('hello')
    const write = await fetch(`${url}/api/v1/stores/a/objects/x`, { method: 'PUT', body: 'no', headers })
    expect(write.status).toBe(403)
    expect((await fetch(`${url}/api/v1/stores/a/objects/x`)).status).toBe(401)
    running.child.kill('SIGINT')
    expect(await running.ended).toMatchObject({ code: 0 })
    expect(await readFile(join(folder, 'data/x'), 'utf8')).toBe('hello')
  })

  test('passes its words on, and tells what is wrong with them', async () => {
    const { kit } = await workplace()
    const open = await kit(['serve', '--host', '0.0.0.0', '--port', '0'])
    expect(open.code).not.toBe(0)
    expect(open.stderr).toMatch(/must bring a token/)
    expect((await kit(['serve', '--port', 'x'])).stderr).toMatch(/is no port/)
    const json = await kit(['serve', '--json'])
    expect(json.code).toBe(2)
    expect(jsonLines(json.stdout)).toMatchObject([
      { success: false, error: { message: expect.stringMatching(/no result to tell/) } },
    ])
    expect(await kit(['serve', '--nonsense'])).toMatchObject({ code: 2, stderr: /unknown option/ })
  })

  test('declares every option of the server, and no other', () => {
    const serve = buildProgram().commands.find((command) => command.name() === 'serve')
    const declared = serve?.options.map(({ long }) => long).toSorted()
    const own = [...usage('kit serve').matchAll(/^ +(--[a-z-]+) /gm)].map(([, name]) => String(name))
    // Those are options of every command.
    const expected = own.filter((name) => name !== '--config' && name !== '--help').toSorted()
    expect(declared).toStrictEqual(expected)
  })
})

describe('kit token', () => {
  test('makes a token whose secret is printed once and kept nowhere', async () => {
    const { folder, kit } = await workplace()
    const { code, stdout, stderr } = await kit([
      'token',
      'add',
      'laptop',
      '--scope',
      'read,write',
      '--path',
      'a:2026/',
      '--expires',
      '30d',
    ])
    expect({ code, stdout }).toStrictEqual({ code: 0, stdout: expect.stringMatching(/^kit_\w+\n$/) })
    const file = join(folder, '.kit/server/tokens.json')
    expect(stderr).toContain(file)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const secret = stdout.trim().split('_')[2] ?? ''
    expect(await readFile(file, 'utf8')).not.toContain(secret)
    const [listed] = jsonLines((await kit(['token', 'ls', '--json'])).stdout)
    expect(listed).toMatchObject({
      file,
      tokens: [
        { name: 'laptop', scopes: ['read', 'write'], paths: ['a:2026/'], expires: expect.stringMatching(/^20\d\d-/) },
      ],
    })
    expect((await kit(['token', 'ls'])).stdout).toMatch(/^\w+ +laptop +read,write +a:2026\/ +until 20/)
  })

  test('removes by name or id, in the file that is named', async () => {
    const { folder, kit } = await workplace()
    const file = ['--file', join(folder, 'mine.json')]
    await kit(['token', 'add', 'one', ...file])
    const [added] = jsonLines((await kit(['token', 'add', 'two', '--json', ...file])).stdout)
    const { id } = added as { readonly id: string }
    expect(await kit(['token', 'rm', 'one', 'none', ...file])).toMatchObject({ code: 6, stderr: /no token none/ })
    expect((await kit(['token', 'delete', id, ...file])).code).toBe(0)
    expect((await kit(['token', 'ls', ...file])).stdout).toBe('')
  })

  test.each([
    [['--scope', 'everything'], /no scope everything; there are list, read/],
    [['--path', 'a:2026'], /is no path/],
    [['--expires', 'soon'], /soon/],
  ])('refuses %j', async (words, message) => {
    const { kit } = await workplace()
    expect(await kit(['token', 'add', 'x', ...words])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(message),
    })
    expect((await kit(['token', 'ls'])).stdout).toBe('')
  })
})
