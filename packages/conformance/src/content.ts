import { createHash } from 'node:crypto'
import { bytesSource, errorCode, type Bytes } from '@kit/core'
import type { CaseGroup } from './case.ts'
import { all, holds, rejects, same, sameBytes } from './expect.ts'
import { sampleBytes } from './samples.ts'
import type { Scene } from './scene.ts'

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'

/** The CID of raw bytes: version 1, codec raw, sha2-256, in lower-case base32 (multiformats.io). */
export function rawCid(bytes: Bytes): string {
  const cid = Buffer.concat([Buffer.from([0x01, 0x55, 0x12, 0x20]), createHash('sha256').update(bytes).digest()])
  let text = ''
  let bits = 0
  let held = 0
  for (const byte of cid) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= 5) text += alphabet[(held >>> (bits -= 5)) & 31] ?? ''
    held &= (1 << bits) - 1
  }
  return `b${text}${bits > 0 ? (alphabet[(held << (5 - bits)) & 31] ?? '') : ''}`
}

interface Sample {
  readonly cid: string
  readonly bytes: Bytes
}

/** A block that is there: put, or the subject's own where the store takes none. `undefined` where there is no way to have one. */
async function present(scene: Scene): Promise<Sample | undefined> {
  const { blockSample } = scene.subject
  if (blockSample !== undefined) return blockSample
  const bytes = new TextEncoder().encode(`conformance ${scene.directory}`)
  const cid = rawCid(bytes)
  return (await taken(scene.store.blocks.put(cid, bytes))) === refused ? undefined : { cid, bytes }
}

const refused = Symbol('refused')

/** What a call gives, or `refused` where the store has no such member: read-only stores have blocks and content but put none. */
async function taken<Result>(work: Promise<Result>): Promise<Result | typeof refused> {
  try {
    return await work
  } catch (error) {
    if (errorCode(error) === 'Unsupported') return refused
    throw error
  }
}

async function readsContent(scene: Scene, cid: string, bytes: Bytes): Promise<void> {
  const entry = await scene.store.content.stat(cid)
  same([entry.kind, entry.size], ['file', bytes.byteLength], 'content: stat tells kind and size')
  const middle = Math.floor(bytes.byteLength / 2)
  for (const range of [undefined, { from: 0, to: 1 }, { from: middle - 3, to: middle + 2 }, { last: 4 }]) {
    const { body, from } = await scene.store.content.read(cid, { range })
    const came = body instanceof Uint8Array ? body : new Uint8Array(Buffer.concat(await all(body)))
    const start = range === undefined ? 0 : 'last' in range ? bytes.byteLength - range.last : range.from
    const end = range !== undefined && 'to' in range ? range.to : bytes.byteLength
    same(from, start, 'content: a body begins at `from`')
    sameBytes(came, bytes.subarray(start, end), 'content: what was put is read')
  }
}

export const blocks: CaseGroup = {
  name: 'blocks',
  needs: ['blocks'],
  cases: [
    {
      title: 'a block that is there is had and got by its CID (C4)',
      async run(scene) {
        const block = await present(scene)
        if (block === undefined) return
        same(await scene.store.blocks.has(block.cid), true, 'blocks: one that is there is had')
        sameBytes(await scene.store.blocks.get(block.cid), block.bytes, 'blocks: the bytes are those of the CID')
      },
    },
    {
      title: 'putting a block twice is success',
      async run(scene) {
        const bytes = new TextEncoder().encode(`twice ${scene.directory}`)
        const cid = rawCid(bytes)
        if ((await taken(scene.store.blocks.put(cid, bytes))) === refused) return
        await scene.store.blocks.put(cid, bytes)
        sameBytes(await scene.store.blocks.get(cid), bytes, 'blocks: the bytes are those that were put')
      },
    },
    {
      title: 'a missing block is NotFound and not had',
      async run(scene) {
        const cid = rawCid(new TextEncoder().encode(`missing ${scene.directory}`))
        same(await scene.store.blocks.has(cid), false, 'blocks: a missing one is not had')
        await rejects(scene.store.blocks.get(cid), 'NotFound', 'blocks: a missing one is NotFound')
      },
    },
  ],
}

export const content: CaseGroup = {
  name: 'content',
  needs: ['content'],
  cases: [
    {
      title: 'what was put is read whole and by range under its CID (C4)',
      async run(scene) {
        const bytes = sampleBytes(600_000)
        const entry = await taken(scene.store.content.put(bytesSource(bytes), { profile: 'unixfs-v1-2025' }))
        if (entry === refused) return
        holds(entry.cid !== undefined, 'content: the entry of a put has the CID', 'a CID', entry)
        await readsContent(scene, entry.cid, bytes)
      },
    },
    {
      title: 'a block of raw bytes is a file (C4)',
      needs: ['blocks'],
      async run(scene) {
        const block = await present(scene)
        if (block !== undefined) await readsContent(scene, block.cid, block.bytes)
      },
    },
    {
      title: 'the same bytes have the same CID, other bytes another',
      async run(scene) {
        const put = async (bytes: Bytes): Promise<string | undefined> => {
          const entry = await taken(scene.store.content.put(bytesSource(bytes), { profile: 'unixfs-v1-2025' }))
          return entry === refused ? undefined : entry.cid
        }
        const first = await put(sampleBytes(1000))
        if (first === undefined) return
        same(await put(sampleBytes(1000)), first, 'content: the same bytes have the same CID')
        const other = await put(sampleBytes(1001))
        holds(other !== first, 'content: other bytes have another CID', 'another', other)
      },
    },
  ],
}

export const pins: CaseGroup = {
  name: 'pins',
  needs: ['pins'],
  cases: [
    {
      title: 'a pin is added, found, listed and removed; adding twice is success',
      async run(scene) {
        const block = scene.capabilities.ops.blocks === undefined ? scene.subject.blockSample : await present(scene)
        const cid = block?.cid ?? rawCid(new TextEncoder().encode(`conformance ${scene.directory}`))
        const { pins: pinning } = scene.store
        await pinning.add(cid, { name: 'conformance' })
        await pinning.add(cid, { name: 'conformance' })
        const pin = await pinning.get(cid)
        same([pin.cid, pin.status === 'failed'], [cid, false], 'pins: one that was added is found')
        const listed = (await all(pinning.list({}))).flatMap((page) => page.pins.map((each) => each.cid))
        same(
          listed.filter((each) => each === cid),
          [cid],
          'pins: one that was added is listed once',
        )
        await pinning.remove(cid)
        await rejects(pinning.remove(cid), 'NotFound', 'pins: removing one that is not there is NotFound')
        await rejects(pinning.get(cid), 'NotFound', 'pins: one that was removed is gone')
      },
    },
  ],
}
