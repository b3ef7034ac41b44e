import { expect, test } from 'vitest'
import { ask } from './ask.ts'
import { objects, serve } from './serve.ts'

test('answers only to names of its own, so that no page can rebind its name to this server', async () => {
  const { base } = await serve('memory', { hosts: ['localhost', '127.0.0.1', '[::1]', 'nas.local'] })
  for (const host of ['localhost', 'LOCALHOST:80', '127.0.0.1:9', '[::1]:8000', 'nas.local']) {
    expect([host, (await ask(base, 'GET', '/health', { headers: { host } })).status]).toEqual([host, 200])
  }
  for (const host of [
    'evil.example',
    'localhost.evil.example',
    'localhost:80:80',
    'localhost.',
    '127.0.0.1.evil',
    '[::2]',
  ]) {
    const { status, code } = await ask(base, 'GET', `${objects}/x`, { headers: { host } })
    expect([host, status, code]).toEqual([host, 403, 'PermissionDenied'])
  }
  expect((await ask(base, 'GET', 'http://evil.example/health')).status).toBe(400)
  const own = new URL(base).host
  expect((await ask(base, 'GET', `http://${own}/health`)).status).toBe(200)
})

test('refuses what pages of other origins ask, and lets none of them read', async () => {
  const { base } = await serve('memory')
  const { host } = new URL(base)
  const status = async (headers: Record<string, string>): Promise<number> =>
    (await ask(base, 'PUT', `${objects}/x`, { headers, body: 'x' })).status
  expect(await status({ origin: 'https://evil.example' })).toBe(403)
  expect(await status({ origin: 'null' })).toBe(403)
  expect(await status({ origin: `https://${host}` })).toBe(403)
  expect(await status({ origin: 'http://localhost:1' })).toBe(403)
  expect(await status({ 'sec-fetch-site': 'cross-site' })).toBe(403)
  expect(await status({ 'sec-fetch-site': 'same-site' })).toBe(403)
  expect((await ask(base, 'GET', `${objects}/x`)).status).toBe(404)
  expect(await status({ origin: `http://${host}`, 'sec-fetch-site': 'same-origin' })).toBe(201)
  const got = await ask(base, 'GET', `${objects}/x`)
  expect(Object.keys(got.headers).filter((name) => name.startsWith('access-control'))).toEqual([])
  expect(got.headers['cross-origin-resource-policy']).toBe('same-origin')
})

test('where there is a token, only health goes without it', async () => {
  const token = 'correct-horse-battery'
  const { base } = await serve('memory', { token })
  const status = async (authorization?: string): Promise<number> =>
    (await ask(base, 'GET', '/api/v1/stores', { headers: authorization === undefined ? {} : { authorization } })).status
  expect(await status(`Bearer ${token}`)).toBe(200)
  expect(await status(`bearer  ${token}`)).toBe(200)
  for (const wrong of [undefined, 'Bearer', 'Bearer x', `Basic ${token}`, `Bearer ${token}x`, token]) {
    expect([wrong, await status(wrong)]).toEqual([wrong, 401])
  }
  const refused = await ask(base, 'PUT', `${objects}/x`, { body: 'x' })
  expect(refused).toMatchObject({ status: 401, code: 'Unauthenticated' })
  expect(refused.headers['www-authenticate']).toBe('Bearer')
  expect(refused.text).not.toContain(token)
  expect((await ask(base, 'GET', '/nowhere')).status).toBe(401)
  expect((await ask(base, 'GET', '/health')).status).toBe(200)
})
