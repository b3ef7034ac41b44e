import { createHash } from 'node:crypto'
import { bytesSource, type Bytes } from '@kit/core'
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

function sample(scene: Scene): { readonly cid: string; readonly bytes: Bytes } {
  if (scene.subject.blockSample !== undefined) return scene.subject.blockSample
  const bytes = new TextEncoder().encode(`conformance ${scene.directory}`)
  return { cid: rawCid(bytes), bytes }
}

export const blocks: CaseGroup = {
  name: 'blocks',
  needs: ['blocks'],
  cases: [
    {
      title: 'a block is had and got by its CID after it was put (C4)',
      async run(scene) {
        const { cid, bytes } = sample(scene)
        await scene.store.blocks.put(cid, bytes)
        same(await scene.store.blocks.has(cid), true, 'blocks: one that was put is had')
        sameBytes(await scene.store.blocks.get(cid), bytes, 'blocks: the bytes are those that were put')
        await scene.store.blocks.put(cid, bytes)
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
        const { cid = '' } = await scene.store.content.put(bytesSource(bytes), { profile: 'unixfs-v1-2025' })
        holds(cid !== '', 'content: the entry of a put has the CID', 'a CID', cid)
        const entry = await scene.store.content.stat(cid)
        same([entry.kind, entry.size], ['file', bytes.byteLength], 'content: stat tells kind and size')
        for (const range of [undefined, { from: 0, to: 1 }, { from: 250_000, to: 400_000 }, { last: 10 }]) {
          const { body, from } = await scene.store.content.read(cid, { range })
          const came = body instanceof Uint8Array ? body : new Uint8Array(Buffer.concat(await all(body)))
          const start = range === undefined ? 0 : 'last' in range ? bytes.byteLength - range.last : range.from
          const end = range !== undefined && 'to' in range ? range.to : bytes.byteLength
          same(from, start, 'content: a body begins at `from`')
          sameBytes(came, bytes.subarray(start, end), 'content: what was put is read')
        }
      },
    },
    {
      title: 'the same bytes have the same CID, other bytes another',
      async run(scene) {
        const put = async (bytes: Bytes): Promise<string | undefined> =>
          (await scene.store.content.put(bytesSource(bytes), { profile: 'unixfs-v1-2025' })).cid
        const [first, second, third] = [
          await put(sampleBytes(1000)),
          await put(sampleBytes(1000)),
          await put(sampleBytes(1001)),
        ]
        same(second, first, 'content: the same bytes have the same CID')
        holds(third !== first, 'content: other bytes have another CID', 'another', third)
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
        const { cid, bytes } = sample(scene)
        if (scene.capabilities.ops.blocks !== undefined) await scene.store.blocks.put(cid, bytes)
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
