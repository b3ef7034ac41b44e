import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addToken, listTokens, removeToken } from '@kit/server'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { accessOf } from '../src/access/access.ts'
import { failures, networkOf } from '../src/access/failures.ts'
import { parsePath } from '../src/access/paths.ts'
import { readTokens } from '../src/access/token-file.ts'
import { hashOf, makeToken, parseToken } from '../src/access/token.ts'

async function temporaryFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kit-tokens-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return join(folder, 'state', 'tokens.json')
}

const reader = { name: 'reader', scopes: ['read', 'list'], paths: ['photos:2026/'] } as const

test('a token is shown once; the file has its hash, and only its owner may read it', async () => {
  const path = await temporaryFile()
  const expires = new Date(Date.now() + 60_000)
  const { token, description } = await addToken(path, { ...reader, expires })
  const parts = parseToken(token)
  expect(parts?.secret).toHaveLength(43)
  const text = await readFile(path, 'utf8')
  expect(text).not.toContain(parts?.secret)
  expect(text).toContain(hashOf(parts?.secret ?? '').toString('hex'))
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(description).toMatchObject({ ...reader, id: parts?.id, expires: expires.toISOString() })
  expect(await listTokens(path)).toEqual([description])
  expect(JSON.stringify(await listTokens(path))).not.toContain('sha256')
})

test('tokens added at once all stay, and go by id or by a name that is theirs alone', async () => {
  const path = await temporaryFile()
  const names = Array.from({ length: 12 }, (_, index) => `t${index}`)
  const added = await Promise.all(names.map((name) => addToken(path, { ...reader, name })))
  expect((await listTokens(path)).map(({ name }) => name).toSorted()).toEqual(names.toSorted())
  const [first] = added
  expect((await removeToken(path, first?.description.id ?? '')).name).toBe('t0')
  expect((await removeToken(path, 't1')).name).toBe('t1')
  expect(await listTokens(path)).toHaveLength(10)
  await addToken(path, { ...reader, name: 't2' })
  await expect(removeToken(path, 't2')).rejects.toMatchObject({ code: 'InvalidConfig' })
  await expect(removeToken(path, 'none')).rejects.toMatchObject({ code: 'NotFound' })
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})

test('a file that others may read or write is refused, with what to do', async () => {
  const path = await temporaryFile()
  await addToken(path, reader)
  for (const mode of [0o640, 0o604, 0o660, 0o666]) {
    await chmod(path, mode)
    await expect(readTokens(path)).rejects.toMatchObject({
      code: 'InvalidConfig',
      message: expect.stringMatching(/chmod 600/),
    })
  }
})

test('a file that is not as it should be is refused, without telling what stands in it', async () => {
  const path = await temporaryFile()
  await addToken(path, reader)
  const good = JSON.parse(await readFile(path, 'utf8')) as { version: number; tokens: Record<string, unknown>[] }
  const secret = makeToken().text
  const [token = {}] = good.tokens
  const wrong: [unknown, RegExp][] = [
    [secret, /no JSON object/],
    [{ ...good, version: 2 }, /version 2 is newer/],
    [{ tokens: [] }, /no version 1/],
    [{ version: 1 }, /no list `tokens`/],
    [{ version: 1, tokens: [token, token] }, /one id/],
    ...Object.entries({
      id: secret,
      name: '',
      sha256: secret,
      scopes: [secret],
      paths: [],
      created: secret,
      expires: secret,
      path: secret,
    }).map(([field, value]): [unknown, RegExp] => [
      { version: 1, tokens: [{ ...token, [field]: value }] },
      /token 1: (?:`|it has a field)/,
    ]),
  ]
  for (const [content, said] of wrong) {
    await writeFile(path, JSON.stringify(content))
    const failed: unknown = await readTokens(path).catch((error: unknown) => error)
    expect(String(failed)).toMatch(said)
    expect(String(failed)).not.toContain(secret)
  }
  await writeFile(path, `{"version": 1, "tokens": [${secret}`)
  expect(String(await readTokens(path).catch((error: unknown) => error))).not.toContain(secret)
})

test('what cannot be granted is not written', async () => {
  const path = await temporaryFile()
  for (const request of [
    { ...reader, paths: [] },
    { ...reader, paths: ['photos:2026'] },
    { ...reader, paths: ['photos:/'] },
    { ...reader, paths: ['photos:a//b/'] },
    { ...reader, paths: ['photos:../'] },
    { ...reader, paths: [':x/'] },
    { ...reader, paths: ['photos'] },
    { ...reader, scopes: [] },
    { ...reader, name: 'a\nb' },
    { ...reader, expires: new Date(Number.NaN) },
  ]) {
    await expect(addToken(path, request)).rejects.toMatchObject({ code: 'InvalidConfig' })
  }
  expect(await listTokens(path)).toEqual([])
})

test('secrets are 256 random bits, and no two tokens are one', () => {
  const made = Array.from({ length: 500 }, makeToken)
  expect(new Set(made.map(({ secret }) => secret)).size).toBe(500)
  expect(new Set(made.map(({ id }) => id)).size).toBe(500)
  for (const { text, id, secret } of made) expect(parseToken(text)).toEqual({ id, secret })
  for (const text of ['', 'kit_', 'kit_short_x', `${made[0]?.text}x`, ` ${made[0]?.text}`, `${made[0]?.text}\n`]) {
    expect(parseToken(text)).toBeUndefined()
  }
})

test('a path covers what is below it segment by segment, and nothing that only begins like it', () => {
  const segment = fc.constantFrom('a', 'ab', 'a-b', '2026', '2026-secret', '2')
  const key = fc.array(segment, { minLength: 1, maxLength: 4 })
  const store = fc.constantFrom('photos', 'photos2')
  fc.assert(
    fc.property(store, key, store, key, (granted, directory, asked, segments) => {
      const access = accessOf({
        id: 'x',
        scopes: ['list'],
        paths: [parsePath(`${granted}:${directory.join('/')}/`)],
      })
      const below =
        granted === asked &&
        segments.length > directory.length &&
        directory.every((part, index) => segments[index] === part)
      const above =
        granted === asked &&
        segments.length <= directory.length &&
        segments.every((part, index) => directory[index] === part)
      const name = segments.join('/')
      expect(access.visible(asked, name)).toBe(below)
      expect(access.sees(asked)).toBe(granted === asked)
      const entry = { kind: 'directory', key: name, etag: 'secret' } as unknown as Parameters<typeof access.listed>[1]
      const shown = below ? entry : above ? { kind: 'directory', key: name } : undefined
      expect(access.listed(asked, entry)).toEqual(shown)
      expect(access.listed(asked, { ...entry, kind: 'file' })?.key).toBe(below ? name : undefined)
    }),
  )
})

test('failures are counted by address, by /64 for IPv6, and forgotten after a minute', () => {
  let now = 0
  const counted = failures(3, () => now)
  for (let times = 0; times < 3; times++) {
    expect(counted.waitMs('10.0.0.1')).toBeUndefined()
    counted.add('10.0.0.1')
  }
  expect(counted.waitMs('10.0.0.1')).toBe(60_000)
  expect(counted.waitMs('10.0.0.2')).toBeUndefined()
  now = 59_999
  expect(counted.waitMs('10.0.0.1')).toBe(1)
  now = 60_000
  expect(counted.waitMs('10.0.0.1')).toBeUndefined()
  expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe(networkOf('2001:db8:1:2::9'))
  expect(networkOf('2001:db8:1:3::9')).not.toBe(networkOf('2001:db8:1:2::9'))
  expect(networkOf('::1')).toBe(networkOf('::2'))
  expect(networkOf('::ffff:10.0.0.1')).toBe('::ffff:10.0.0.1')
})
