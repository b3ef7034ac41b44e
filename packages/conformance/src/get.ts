import type { ByteRange } from '@kit/core'
import type { CaseGroup } from './case.ts'
import { all, allBytes, holds, rejects, same, sameBytes } from './expect.ts'
import { randomNumbers, sampleBytes } from './samples.ts'
import type { Scene } from './scene.ts'

const size = 1000
const mebibyte = 2 ** 20

/** Ranges of an object of 1000 bytes and the offsets they mean. */
const ranges: readonly { readonly range: ByteRange; readonly from: number; readonly to: number }[] = [
  { range: { from: 0 }, from: 0, to: size },
  { range: { from: 0, to: size }, from: 0, to: size },
  { range: { from: 0, to: 1 }, from: 0, to: 1 },
  { range: { from: 0, to: size + 1000 }, from: 0, to: size },
  { range: { from: 6 }, from: 6, to: size },
  { range: { from: 6, to: 7 }, from: 6, to: 7 },
  { range: { from: 100, to: 900 }, from: 100, to: 900 },
  { range: { from: 990, to: 2000 }, from: 990, to: size },
  { range: { from: size - 1 }, from: size - 1, to: size },
  { range: { from: size - 1, to: size }, from: size - 1, to: size },
  { range: { last: 1 }, from: size - 1, to: size },
  { range: { last: 10 }, from: size - 10, to: size },
  { range: { last: size }, from: 0, to: size },
  { range: { last: size + 1 }, from: 0, to: size },
  { range: { last: 1_000_000 }, from: 0, to: size },
]

function text(range: ByteRange): string {
  return 'last' in range ? `last ${range.last}` : `${range.from} to ${range.to ?? 'the end'}`
}

async function readsRange(
  scene: Scene,
  key: string,
  whole: Uint8Array,
  range: ByteRange,
  from: number,
  to: number,
): Promise<void> {
  const reading = await scene.store.read(key, { range })
  same(reading.entry.size, whole.byteLength, 'reads: size of the entry is that of the whole object, not of the range')
  same(reading.from, from, `reads: \`from\` is the offset of the first byte served (range ${text(range)})`)
  sameBytes(
    await reading.bytes(),
    whole.subarray(from, to),
    `reads: a range gives these bytes and no others (${text(range)})`,
  )
}

export const get: CaseGroup = {
  name: 'get',
  needs: ['objects to read'],
  cases: [
    {
      title: 'a read gives the whole object from 0 (C1, C2)',
      async run(scene) {
        const bytes = sampleBytes(size)
        const key = await scene.put('whole', bytes)
        const reading = await scene.store.read(key)
        same([reading.from, reading.entry.size, reading.entry.key], [0, size, key], 'reads: entry and offset')
        holds(reading.size === undefined || reading.size === size, 'reads: size of the body', size, reading.size)
        sameBytes(await reading.bytes(), bytes, 'reads: the body is the object')
      },
    },
    {
      title: 'a body can be had as bytes, text, JSON, a Blob, a web stream and chunks',
      async run(scene) {
        const value = { days: 3, places: ['Åre', '東京'] }
        const key = await scene.put('body', JSON.stringify(value))
        const bytes = new TextEncoder().encode(JSON.stringify(value))
        const read = (): ReturnType<typeof scene.store.read> => scene.store.read(key)
        sameBytes(await (await read()).bytes(), bytes, 'reads: bytes()')
        same(await (await read()).text(), JSON.stringify(value), 'reads: text()')
        same(await (await read()).json(), value, 'reads: json()')
        sameBytes(await (await (await read()).blob()).bytes(), bytes, 'reads: blob()')
        sameBytes(new Uint8Array(await new Response((await read()).stream()).arrayBuffer()), bytes, 'reads: stream()')
        sameBytes(await allBytes(await read()), bytes, 'reads: iterated')
      },
    },
    {
      title: 'every form of range gives its bytes and tells where they begin',
      async run(scene) {
        const bytes = sampleBytes(size)
        const key = await scene.put('ranges', bytes)
        for (const { range, from, to } of ranges) await readsRange(scene, key, bytes, range, from, to)
      },
    },
    {
      title: 'a range that holds nothing is empty',
      async run(scene) {
        const bytes = sampleBytes(size)
        const key = await scene.put('nothing', bytes)
        for (const range of [{ from: 5, to: 5 }, { from: 0, to: 0 }, { last: 0 }]) {
          const reading = await scene.store.read(key, { range })
          same((await reading.bytes()).byteLength, 0, `reads: a range that holds nothing is empty (${text(range)})`)
        }
      },
    },
    {
      title: 'a range that begins at or beyond the end is InvalidRange',
      async run(scene) {
        const key = await scene.put('beyond', sampleBytes(size))
        for (const range of [
          { from: size },
          { from: size, to: size + 1 },
          { from: size + 1 },
          { from: 1e9, to: 2e9 },
        ]) {
          await rejects(
            scene.store.read(key, { range }),
            'InvalidRange',
            `reads: a \`from\` at or beyond the end is InvalidRange (${text(range)})`,
          )
        }
      },
    },
    {
      title: 'an empty object is read whole, from 0 and by its last bytes, and nowhere else',
      async run(scene) {
        const key = await scene.put('empty', '')
        same((await scene.store.stat(key)).size, 0, 'entries: an empty object has size 0')
        for (const range of [undefined, { from: 0 }, { from: 0, to: 10 }, { last: 5 }]) {
          const reading = await scene.store.read(key, { range })
          same(reading.from, 0, 'reads: an empty body begins at 0')
          same((await reading.bytes()).byteLength, 0, 'reads: an empty object is empty')
        }
        await rejects(
          scene.store.read(key, { range: { from: 1 } }),
          'InvalidRange',
          'reads: beyond the end is InvalidRange',
        )
      },
    },
    {
      title: 'a range that is none is InvalidRange',
      async run(scene) {
        const key = await scene.put('none', 'some bytes')
        const wrong = [
          { from: -1 },
          { from: 1.5 },
          { from: Number.NaN },
          { from: 5, to: 4 },
          { last: -1 },
          { last: 0.5 },
        ]
        for (const range of wrong) {
          await rejects(scene.store.read(key, { range }), 'InvalidRange', `reads: ${JSON.stringify(range)} is no range`)
        }
      },
    },
    {
      title: 'an object of several MiB is read in full and by ranges, as stream and as bytes',
      async run(scene) {
        const bytes = sampleBytes((scene.full ? 64 : 5) * mebibyte + 13)
        const key = await scene.put('large', bytes)
        sameBytes(await allBytes(await scene.store.read(key)), bytes, 'reads: the chunks are the object')
        const random = randomNumbers(scene.subject.randomSeed ?? 7)
        for (let round = 0; round < 10; round++) {
          const from = Math.floor(random() * bytes.byteLength)
          const to = Math.min(bytes.byteLength, from + 1 + Math.floor(random() * 2 * mebibyte))
          await readsRange(scene, key, bytes, { from, to }, from, to)
        }
        await readsRange(scene, key, bytes, { last: 70_000 }, bytes.byteLength - 70_000, bytes.byteLength)
      },
    },
    {
      title: 'a missing object is NotFound before the first chunk, whole or by range',
      async run(scene) {
        await scene.put('neighbour', 'x')
        const key = scene.key('missing')
        await rejects(scene.store.read(key), 'NotFound', 'reads: NotFound comes before the first chunk')
        for (const range of [{ from: 0, to: 5 }, { from: 10 }, { last: 3 }]) {
          await rejects(
            scene.store.read(key, { range }),
            'NotFound',
            `reads: a range of nothing is NotFound (${text(range)})`,
          )
        }
        await rejects(
          scene.store.read(scene.key('neighbour-not')),
          'NotFound',
          'reads: a longer name is another object',
        )
        await rejects(scene.store.read(scene.key('neighbou')), 'NotFound', 'reads: a shorter name is another object')
      },
    },
    {
      title: 'bytes that were read belong to the caller',
      async run(scene) {
        const kept = sampleBytes(4000)
        const key = await scene.put('own', kept)
        for (const range of [undefined, { from: 10, to: 2000 }]) {
          const reading = await scene.store.read(key, { range })
          for await (const chunk of reading) chunk.fill(0)
          sameBytes(await scene.get(key), kept, 'reads: a chunk belongs to whoever pulled it')
          const bytes = await (await scene.store.read(key, { range })).bytes()
          bytes.fill(0)
          sameBytes(await scene.get(key), kept, 'reads: bytes belong to whoever read them')
        }
      },
    },
    {
      title: 'a body is taken once, and not beyond maxBytes',
      async run(scene) {
        const key = await scene.put('taken', sampleBytes(5000))
        const reading = await scene.store.read(key)
        await reading.bytes()
        await rejects(reading.bytes(), 'InvalidConfig', 'reads: a body is taken once')
        const bounded = await scene.store.read(key)
        await rejects(bounded.bytes({ maxBytes: 4999 }), 'TooLarge', 'reads: more than maxBytes is TooLarge')
      },
    },
    {
      title: 'bodies that are not read, or not to their end, are freed',
      async run(scene) {
        const before = await scene.subject.handles?.()
        const bytes = sampleBytes(3 * mebibyte)
        const key = await scene.put('unread', bytes)
        for (let round = 0; round < 5; round++) {
          const unread = await scene.store.read(key)
          await unread[Symbol.asyncDispose]()
          for await (const chunk of await scene.store.read(key)) {
            holds(chunk.byteLength > 0, 'reads: no chunk is empty', 'bytes', 0)
            break
          }
          const reader = (await scene.store.read(key)).stream().getReader()
          await reader.read()
          await reader.cancel()
        }
        sameBytes(await scene.get(key), bytes, 'cancelling: an ended read leaves the store usable')
        if (before === undefined) return
        const idle = await scene.store.read(key)
        await idle[Symbol.asyncDispose]()
        const now = (await scene.subject.handles?.()) ?? 0
        holds(now <= before + 4, 'cancelling: an unread body is freed on dispose', `about ${before} handles`, now)
      },
    },
    {
      title: 'one object is read by many at once, each its own range',
      async run(scene) {
        const bytes = sampleBytes(mebibyte)
        const key = await scene.put('parallel', bytes)
        const reads = Array.from({ length: 40 }, async (_, index) => {
          const from = index * 20_011
          await readsRange(scene, key, bytes, { from, to: from + 30_000 }, from, from + 30_000)
        })
        await Promise.all(reads)
      },
    },
    {
      title: 'onProgress of a read counts up to the length of the body (C7)',
      async run(scene) {
        const key = await scene.put('progress', sampleBytes(2 * mebibyte))
        const told: number[] = []
        const reading = await scene.store.read(key, { onProgress: ({ bytes }) => told.push(bytes) })
        const chunks = await all(reading)
        holds(chunks.length > 0, 'reads: a body has chunks', 'some', chunks.length)
        same(
          told,
          told.toSorted((a, b) => a - b),
          'progress: it never goes back',
        )
        if (reading.whole === undefined && told.length > 0)
          same(told.at(-1), 2 * mebibyte, 'progress: the last one tells all')
      },
    },
  ],
}
