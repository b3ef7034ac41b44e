import { collect, openStore } from '@kit/core'
import { startKubo, type Kubo } from '@kit/test-servers'
import { create } from 'kubo-rpc-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { plugin } from '../src/index.ts'
import { missing } from './nodes.ts'

async function all(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}

describe.skipIf(missing)('kubo-rpc-client beside a store', () => {
  let node: Kubo
  beforeAll(async () => {
    node = await startKubo()
  })
  afterAll(() => node.stop())

  it('reads files, pins and blocks that the store made, and the store reads what it made', async () => {
    await using store = await openStore(plugin({ url: node.api }))
    const theirs = create({ url: node.api })
    const { cid = '' } = await store.write('dir/ä +%.txt', 'from Kit', {
      mode: 0o640,
      modified: new Date(1_500_000_000_000),
    })
    await store.pins.add(cid, { name: 'named' })
    expect(await all(theirs.cat(cid))).toBe('from Kit')
    expect(await all(theirs.files.read('/kit/dir/ä +%.txt'))).toBe('from Kit')
    expect(await theirs.files.stat('/kit/dir/ä +%.txt')).toMatchObject({ mode: 0o640, mtime: { secs: 1_500_000_000 } })
    const pins: string[] = []
    for await (const pin of theirs.pin.ls({ type: 'recursive', names: true }))
      pins.push(`${pin.cid.toString()} ${pin.name}`)
    expect(pins).toContain(`${cid} named`)
    const { cid: same } = await theirs.files.stat('/kit/dir/ä +%.txt')
    expect(same.toString()).toBe(cid)
    expect(await store.blocks.get(cid)).toEqual(new Uint8Array(await theirs.block.get(same)))

    const added = await theirs.add('from them', { cidVersion: 1, rawLeaves: true, pin: false })
    await theirs.files.write('/kit/theirs', 'by path', { create: true })
    const { body } = await store.content.read(added.cid.toString(), {})
    expect(new TextDecoder().decode(await collect(body))).toBe('from them')
    expect(await (await store.read('theirs')).text()).toBe('by path')
  })
})
