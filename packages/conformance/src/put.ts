import type { Body } from '@kit/core'
import type { CaseGroup } from './case.ts'
import { holds, rejection, rejects, same, sameBytes } from './expect.ts'
import { failing, inChunks, replayable, sampleBytes, watchedStream } from './samples.ts'
import type { Scene } from './scene.ts'

const mebibyte = 2 ** 20

/** The ways to give the same bytes, each made anew for each write. */
const bodies: readonly { readonly what: string; make(bytes: Uint8Array<ArrayBuffer>): Body }[] = [
  { what: 'bytes', make: (bytes) => bytes },
  { what: 'an ArrayBuffer', make: (bytes) => bytes.slice().buffer },
  { what: 'a Blob', make: (bytes) => new Blob([bytes]) },
  { what: 'a web stream', make: (bytes) => new Blob([bytes]).stream() },
  { what: 'an async iterable', make: (bytes) => inChunks(bytes) },
  { what: 'a Source that tells its size', make: (bytes) => replayable(bytes) },
  { what: 'a Source of unknown size', make: (bytes) => replayable(bytes, { sized: false }) },
]

async function roundTrip(scene: Scene, name: string, body: Body, expected: Uint8Array, what: string): Promise<void> {
  const entry = await scene.store.write(scene.key(name), body)
  same(entry.size, expected.byteLength, `writes: the entry of a write tells the size (of ${what})`)
  sameBytes(await scene.get(scene.key(name)), expected, `writes: what was written as ${what} is read back`)
}

export const put: CaseGroup = {
  name: 'put',
  needs: ['write'],
  cases: [
    {
      title: 'a string is read back as its UTF-8 bytes (C1, C2)',
      async run(scene) {
        const text = 'Grüße, 世界 🌍\r\n\t\u0000 end'
        await roundTrip(scene, 'text', text, new TextEncoder().encode(text), 'a string')
        same(await scene.text(scene.key('text')), text, 'reads: text() gives the text that was written')
      },
    },
    ...bodies.map(({ what, make }) => ({
      title: `a body given as ${what} is read back, small, empty and of 3 MiB`,
      async run(scene: Scene) {
        for (const length of [11, 0, 3 * mebibyte + 7]) {
          const bytes = sampleBytes(length, length + 1)
          await roundTrip(scene, `of-${length}`, make(bytes), bytes, `${what} of ${length} bytes`)
        }
      },
    })),
    {
      title: 'a part of a larger buffer is written alone',
      async run(scene) {
        const whole = sampleBytes(1000)
        await roundTrip(scene, 'view', whole.subarray(100, 300), whole.slice(100, 300), 'a view of a larger buffer')
        const pooled = Buffer.from('from a pool')
        await roundTrip(scene, 'pooled', pooled, new Uint8Array(pooled), 'a Buffer')
      },
    },
    {
      title: 'a stream in chunks of every length, empty ones too, arrives in order',
      async run(scene) {
        const bytes = sampleBytes(100_000)
        async function* uneven(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
          let at = 0
          for (let length = 0; at < bytes.byteLength; length = (length * 7 + 1) % 5003) {
            yield bytes.slice(at, at + length)
            at += length
          }
        }
        await roundTrip(scene, 'uneven', uneven(), bytes, 'chunks of every length')
      },
    },
    {
      title: 'what the caller does to its buffer after a write changes nothing',
      async run(scene) {
        const bytes = sampleBytes(5000)
        const kept = bytes.slice()
        await scene.store.write(scene.key('mine'), bytes)
        bytes.fill(0)
        sameBytes(await scene.get(scene.key('mine')), kept, 'writes: the store keeps bytes of its own')
      },
    },
    {
      title: 'a write answers with the entry that stat and read then give',
      async run(scene) {
        const entry = await scene.store.write(scene.key('entry'), 'four')
        same(entry.kind, 'file', 'entries: what was written is a file')
        same(entry.key, scene.key('entry'), 'entries: the key is the one that was written')
        const stat = await scene.store.stat(entry.key)
        same([stat.kind, stat.key, stat.size], ['file', entry.key, 4], 'entries: stat tells kind, key and size')
        if (scene.capabilities.etag !== undefined) {
          same(stat.etag, entry.etag, 'entries: stat gives the etag that the write gave')
        }
        const reading = await scene.store.read(entry.key)
        same(
          [reading.entry.key, reading.entry.size, reading.entry.etag],
          [stat.key, stat.size, stat.etag],
          'entries: read gives the entry that stat gives',
        )
        await reading[Symbol.asyncDispose]()
      },
    },
    {
      title: 'a write replaces what was there, longer or shorter',
      needs: ['consistent.read'],
      async run(scene) {
        const key = scene.key('again')
        for (const length of [3000, 10, 0, 5000, 5000]) {
          const bytes = sampleBytes(length, length + 3)
          await scene.store.write(key, bytes)
          sameBytes(await scene.get(key), bytes, 'consistency: a read after a resolved write sees it')
          same((await scene.store.stat(key)).size, length, 'consistency: stat after a resolved write sees it')
        }
      },
    },
    {
      title: 'a write makes the directories above it',
      async run(scene) {
        await scene.put('deep/er/and/deeper/file', 'x')
        same(await scene.text(scene.key('deep/er/and/deeper/file')), 'x', 'directories: a write makes its parents')
        await scene.put('deep/er/other', 'y')
        same(await scene.text(scene.key('deep/er/other')), 'y', 'directories: a write into an existing directory works')
      },
    },
    ...[20, 2 * mebibyte].flatMap((size) =>
      [size - 1, size + 1, 0].map((given) => ({
        title: `a stream of ${given} bytes that was announced with ${size} publishes nothing`,
        async run(scene: Scene) {
          const key = scene.key('length')
          await scene.put('length', 'the old value')
          const write = scene.store.write(key, inChunks(sampleBytes(given)), { size })
          await rejects(write, 'Corrupt', 'writes: a source longer or shorter than `size` publishes nothing')
          same(await scene.text(key), 'the old value', 'writes: after a failure the old object is there')
          const fresh = scene.store.write(scene.key('length-new'), inChunks(sampleBytes(given)), { size })
          await rejects(fresh, 'Corrupt', 'writes: a source longer or shorter than `size` publishes nothing')
          await rejects(
            scene.store.stat(scene.key('length-new')),
            'NotFound',
            'writes: a failed write leaves no object',
          )
        },
      })),
    ),
    ...[10, 3 * mebibyte].map((afterBytes) => ({
      title: `a source that fails after ${afterBytes} bytes is thrown as it failed and leaves the old object`,
      async run(scene: Scene) {
        const failure = new RangeError('the disk that this came from is broken')
        const bytes = sampleBytes(afterBytes + 1000)
        for (const options of [{}, { size: bytes.byteLength }]) {
          await scene.put('failing', 'the old value')
          const write = scene.store.write(scene.key('failing'), failing(bytes, afterBytes, failure), options)
          const came = await rejection(write, "writes: a source's own failure fails the write")
          holds(came === failure, "writes: a source's own failure is thrown as itself", failure, came)
          same(
            await scene.text(scene.key('failing')),
            'the old value',
            'writes: after a failure the old object is there',
          )
          const fresh = scene.store.write(scene.key('failing-new'), failing(bytes, afterBytes, failure), options)
          await rejection(fresh, "writes: a source's own failure fails the write")
          await rejects(
            scene.store.stat(scene.key('failing-new')),
            'NotFound',
            'writes: a failed write leaves no object',
          )
        }
        const left = (await scene.subject.leftovers?.(scene.store)) ?? []
        same(left, [], 'writes: a failed write leaves nothing behind')
      },
    })),
    {
      title: 'a one-shot stream is opened once and ended',
      async run(scene) {
        const stream = watchedStream((index) => (index < 5 ? sampleBytes(1000, index) : undefined))
        await scene.store.write(scene.key('once'), stream)
        same(stream.opened, 1, 'writes: a one-shot stream is opened once')
        holds(stream.ended, 'writes: a source is read to its end', 'the stream ended', 'not ended')
        same((await scene.get(scene.key('once'))).byteLength, 5000, 'writes: all of a one-shot stream is written')
      },
    },
    {
      title: 'onProgress counts up to the size (C7)',
      async run(scene) {
        const bytes = sampleBytes(mebibyte)
        for (const body of [bytes, inChunks(bytes)]) {
          const told: number[] = []
          await scene.store.write(scene.key('progress'), body, { onProgress: (progress) => told.push(progress.bytes) })
          same(told.at(-1), bytes.byteLength, 'progress: the last one tells all bytes')
          same(
            told,
            told.toSorted((a, b) => a - b),
            'progress: it never goes back',
          )
        }
      },
    },
  ],
}
