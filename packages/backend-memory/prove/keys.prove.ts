import { isKey, openStore } from '@kit/core'
import { expect, it } from 'vitest'
import { plugin } from '../src/index.ts'

const count = 100_000

it(`${count} random keys are kept exactly and apart`, async () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)
  let state = seed
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const pieces = [
    '%',
    '%!',
    '.',
    '..',
    ' ',
    'é',
    'e\u0301',
    '\u{1F600}',
    '\uffff',
    'CON',
    '.kit',
    ':',
    '\\',
    '\n',
    'a',
    'B',
  ]
  const segment = (): string =>
    Array.from(
      { length: 1 + random(4) },
      () => pieces[random(pieces.length)] ?? String.fromCodePoint(1 + random(0xd000)),
    ).join('') + String.fromCodePoint(0x20 + random(0xd000))
  const keys = new Set<string>()
  while (keys.size < count) {
    const key = Array.from({ length: 1 + random(3) }, segment).join('/')
    if (isKey(key)) keys.add(key)
  }
  await using store = await openStore(plugin({}))
  for (const key of keys) await store.write(key, key)
  const listed = new Set<string>()
  for await (const { key } of store.list('', { recursive: true })) listed.add(key)
  expect(listed).toEqual(keys)
  let checked = 0
  for (const key of keys) if ((await (await store.read(key)).text()) === key) checked++
  expect(checked).toBe(count)
  console.log(`memory: ${checked} random keys written, listed and read back (seed ${seed})`)
})
