import { expect, test } from 'vitest'
import { ask, sendRaw } from './ask.ts'
import { kinds, objects, serve } from './serve.ts'

const odd = [
  'a b',
  ' leading and trailing ',
  '100%',
  '%41',
  '%2F',
  'what?really#yes',
  'a+b&c=d;e,f',
  'dots...',
  '...',
  'é',
  'e\u0301',
  '日本語/ファイル',
  '😀',
  'back\\slash',
  '"quoted" \'and\' <tags>',
  'tab\tline\nbell\u0007',
  '*|:',
  '-rf',
  '__proto__',
  'constructor/prototype',
  'objects/objects',
]
const spelt = (key: string): string => key.split('/').map(encodeURIComponent).join('/')

test.each(kinds)('odd keys round-trip through a store of type %s, each under its own name', async (kind) => {
  const { base, store } = await serve(kind)
  for (const key of odd) {
    expect([key, (await ask(base, 'PUT', `${objects}/${spelt(key)}`, { body: key })).status]).toEqual([key, 201])
  }
  for (const key of odd) {
    expect((await ask(base, 'GET', `${objects}/${spelt(key)}`)).text).toBe(key)
    expect(await (await store.read(key)).text()).toBe(key)
  }
  const listed = (await ask(base, 'GET', `${objects}?recursive=true`)).json()['entries'] as { key: string }[]
  const inOrder = odd.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  const files = listed.filter((entry) => !('kind' in entry) || entry.kind === 'file').map(({ key }) => key)
  expect(files).toEqual(inOrder)
  for (const key of odd) {
    const after = (await ask(base, 'GET', `${objects}?recursive=true&limit=1&after=${encodeURIComponent(key)}`)).json()
    const entries = after['entries'] as { key: string; kind: string }[]
    if (entries[0]?.kind === 'file') expect(entries[0].key).toBe(inOrder[inOrder.indexOf(key) + 1])
  }
})

test('hostile keys are refused with 400 before the store is asked', async () => {
  const { base } = await serve('fs')
  const hostile = [
    '',
    '..',
    '.',
    'a/../b',
    'a/..',
    '../../etc/passwd',
    '%2e%2e/%2e%2e/etc/passwd',
    '..%2f..%2fetc%2fpasswd',
    'a%2Fb',
    'a//b',
    '/etc/passwd',
    'a/',
    '%00',
    'a%00.txt',
    '%',
    '%4',
    '%zz',
    '%ff',
    '%c0%ae%c0%ae/x',
    '%ed%a0%80',
    '%f5%80%80%80',
  ]
  for (const key of hostile) {
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
      const { status, code } = await ask(base, method, `${objects}/${key}`, method === 'PUT' ? { body: 'x' } : {})
      expect([method, key, status, code]).toEqual([method, key, 400, 'InvalidKey'])
    }
  }
  const encoded = await ask(base, 'GET', `${objects}/%252e%252e`)
  expect([encoded.status, encoded.code]).toEqual([404, 'NotFound'])
})

test('raw bytes and fragments in a path are refused, not guessed at', async () => {
  const { base } = await serve('memory')
  for (const key of ['a#b', Buffer.from('é').toString('latin1')]) {
    const bytes = Buffer.from(
      `GET ${objects}/${key} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
      'latin1',
    )
    expect(await sendRaw(base, bytes)).toMatch(/^HTTP\/1\.1 400 /)
  }
})

test('keys too long for the store, or for a request, are client errors', async () => {
  const { base } = await serve('fs')
  expect((await ask(base, 'PUT', `${objects}/${'x'.repeat(300)}`, { body: 'x' })).status).toBe(400)
  expect((await ask(base, 'GET', `${objects}/${'x/'.repeat(4000)}x`)).status).toBeLessThan(500)
  expect(await ask(base, 'GET', `${objects}/${'x'.repeat(20_000)}`)).toMatchObject({ status: 431, code: 'TooLarge' })
})
