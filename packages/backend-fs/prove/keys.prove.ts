import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isKey, openStore, utf8Length } from '@kit/core'
import { expect, it } from 'vitest'
import { plugin } from '../src/index.ts'

const count = 100_000
const rawCount = 20_000

it(`${count} random keys and ${rawCount} names of random bytes are kept exactly and apart`, async () => {
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
  const name = (): string =>
    Array.from({ length: 1 + random(4) }, () => pieces[random(pieces.length)] ?? 'x').join('') +
    String.fromCodePoint(0x21 + random(0xd000))
  const keys = new Set<string>()
  while (keys.size < count) {
    const key = `d${random(200)}/${name()}`
    if (isKey(key) && utf8Length(key) < 200) keys.add(key)
  }
  const path = mkdtempSync(join(tmpdir(), 'kit-keys-'))
  try {
    await using store = await openStore(plugin({ path }))
    const waiting = [...keys]
    const worker = async (): Promise<void> => {
      for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) await store.write(key, key)
    }
    await Promise.all(Array.from({ length: 16 }, worker))
    const listed = new Set<string>()
    for await (const { key, kind } of store.list('', { recursive: true })) if (kind === 'file') listed.add(key)
    expect(listed.size).toBe(count)
    expect([...keys].filter((key) => !listed.has(key))).toEqual([])
    let checked = 0
    for (const key of keys) if ((await (await store.read(key)).text()) === key) checked++
    expect(checked).toBe(count)

    mkdirSync(join(path, 'raw'))
    const raw = new Map<string, Buffer>()
    while (raw.size < rawCount) {
      const bytes = Buffer.from(
        Array.from({ length: 1 + random(12) }, () => 1 + random(255)).filter((byte) => byte !== 0x2f),
      )
      const text = bytes.toString('latin1')
      if (text === '' || text === '.' || text === '..' || raw.has(text)) continue
      raw.set(text, bytes)
      writeFileSync(Buffer.concat([Buffer.from(`${path}/raw/`), bytes]), bytes)
    }
    const found = new Set<string>()
    for await (const { key } of store.list('raw')) {
      const body = await (await store.read(key)).bytes()
      found.add(Buffer.from(body).toString('latin1'))
    }
    expect(found.size).toBe(rawCount)
    console.log(
      `fs: ${checked} random keys and ${found.size} names of random bytes listed and read back (seed ${seed})`,
    )
  } finally {
    rmSync(path, { recursive: true, force: true })
  }
})
