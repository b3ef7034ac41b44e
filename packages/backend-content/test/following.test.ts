import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { all, codeOf, collected, context, opened, raw, sample, source } from './support.ts'

const profile = 'unixfs-v1-2025'

async function run(program: string, ...args: string[]): Promise<string> {
  const path = new URL(`processes/${program}.ts`, import.meta.url).pathname
  const child = spawn(process.execPath, ['--conditions=@kit/source', path, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${program} ended with ${code}`)
  return text
}

describe('a store that is open for reading only', () => {
  it('follows what is written meanwhile: files, blocks, pins', async () => {
    await using writer = opened()
    await writer.put('a', 'one')
    await using reader = opened({ path: writer.root, readOnly: true })
    expect(await reader.get('a')).toBe('one')
    await writer.put('a', 'two')
    expect(await reader.get('a')).toBe('two')
    const body = sample('body', 2_500_000)
    const { cid = '' } = await writer.store.content.put(context(), source(body), { profile, pin: true })
    expect((await reader.store.pins.get(context(), cid)).mode).toBe('recursive')
    const { body: read } = await reader.store.content.read(context(), cid, {})
    expect(Buffer.from(body).equals(await collected(read))).toBe(true)
  })

  it('finds what was moved by a collection, and misses what was taken', async () => {
    await using writer = opened({ segmentBytes: 65_536 })
    const blocks = Array.from({ length: 500 }, (_, at) => raw(sample(`${at}`, 1000)))
    for (const { cid, bytes } of blocks) await writer.store.blocks.put(context(), cid, bytes)
    for (const [at, { cid }] of blocks.entries()) {
      if (at % 5 === 0) await writer.store.pins.add(context(), cid, { mode: 'direct' })
    }
    await using reader = opened({ path: writer.root, readOnly: true })
    expect(await reader.store.blocks.get(context(), blocks[1]?.cid ?? '')).toEqual(blocks[1]?.bytes)
    expect((await all(writer.store.blocks.collect(context()))).length).toBe(400)
    for (const [at, { cid, bytes }] of blocks.entries()) {
      if (at % 5 === 0) expect(await reader.store.blocks.get(context(), cid)).toEqual(bytes)
      else {
        const outcome = await reader.store.blocks.get(context(), cid).catch(() => undefined)
        if (outcome !== undefined) expect(outcome).toEqual(bytes)
      }
    }
  })

  it('writes nothing, and says so before anything is tried', async () => {
    await using writer = opened()
    await writer.put('a', 'one')
    await using reader = opened({ path: writer.root, readOnly: true })
    expect(reader.store.capabilities.write).toBeUndefined()
    expect(reader.store.capabilities.ops.batch).toBeUndefined()
    const block = raw('b')
    expect([reader.store.blocks.put, reader.store.blocks.collect, reader.store.content.put]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    expect(await codeOf(reader.store.pins.add(context(), block.cid, {}))).toBe('ReadOnly')
    expect(await codeOf(reader.store.pins.remove(context(), block.cid))).toBe('ReadOnly')
  })

  it('of another process sees each state whole while this one writes and collects', { timeout: 60_000 }, async () => {
    await using writer = opened({ segmentBytes: 65_536, keep: { last: 2 } })
    await writer.put('counter', '0')
    const reading = run('follow', writer.root)
    const state = { ended: false }
    const printed = reading.finally(() => {
      state.ended = true
    })
    printed.catch(() => undefined)
    for (let count = 0; !state.ended && count < 5000; count++) {
      await writer.put('counter', `${count} ${'x'.repeat(5000)}`)
      if (count % 20 === 0) await all(writer.store.blocks.collect(context()))
    }
    await writer.put('counter', 'end')
    expect(JSON.parse(await printed)).toMatchObject({ wrong: 0, backwards: 0 })
  })
})

describe('a second writer', () => {
  it('of another process is refused by name of the first', { timeout: 30_000 }, async () => {
    await using writer = opened()
    await writer.put('a', 'one')
    expect(JSON.parse(await run('write', writer.root))).toMatchObject({
      code: 'Unavailable',
      message: expect.stringContaining(`-${process.pid}-`),
    })
  })
})
