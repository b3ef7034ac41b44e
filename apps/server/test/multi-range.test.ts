import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gapMax, partsOf, rangesMax, type RangeSpec } from '../src/wire/multi-range.ts'
import { ask, type Answer } from './ask.ts'
import { kinds, objects, serve, serveStore, withMethods } from './serve.ts'

interface Part {
  readonly type: string
  readonly range: string
  readonly from: number
  readonly to: number
  readonly body: Buffer
}

/** Takes a multipart/byteranges body apart as RFC 2046 has it, and checks every byte of its frame. */
function parts({ headers, body }: Answer): Part[] {
  const boundary = /^multipart\/byteranges; boundary=([\w-]+)$/.exec(headers['content-type'] ?? '')?.[1] ?? ''
  expect(boundary).not.toBe('')
  expect(headers['content-length']).toBe(String(body.length))
  const text = body.toString('latin1')
  expect(text.startsWith(`--${boundary}\r\n`)).toBe(true)
  expect(text.endsWith(`\r\n--${boundary}--\r\n`)).toBe(true)
  const inner = text.slice(boundary.length + 4, -(boundary.length + 8))
  return inner.split(`\r\n--${boundary}\r\n`).map((part) => {
    const [, type = '', range = '', from = '', last = '', bytes = ''] =
      /^Content-Type: (.*)\r\nContent-Range: (bytes (\d+)-(\d+)\/\d+)\r\n\r\n([^]*)$/.exec(part) ?? []
    return { type, range, from: Number(from), to: Number(last) + 1, body: Buffer.from(bytes, 'latin1') }
  })
}

const body = Buffer.from(Array.from({ length: 5_000 }, (_, index) => (index * 7 + (index >> 8)) % 251))

describe.each(kinds)('several ranges of an object of a store of type %s', (kind) => {
  test('come in one answer, each with its place, in the order they were asked for', async () => {
    const { base, store } = await serve(kind)
    await store.write('x', body, kind === 'memory' ? { contentType: 'text/plain' } : {})
    const got = await ask(base, 'GET', `${objects}/x`, { headers: { range: 'bytes=4000-4009, 0-0,-5 ,' } })
    expect(got.status).toBe(206)
    expect(got.headers['content-range']).toBeUndefined()
    expect(got.headers.etag).toMatch(/^"/)
    expect(parts(got).map(({ range, type }) => [range, type])).toEqual(
      ['bytes 4000-4009/5000', 'bytes 0-0/5000', 'bytes 4995-4999/5000'].map((range) => [
        range,
        kind === 'memory' ? 'text/plain' : 'application/octet-stream',
      ]),
    )
    for (const part of parts(got)) expect(part.body).toEqual(body.subarray(part.from, part.to))
  })

  test('are one where they touch, none where they lie beyond the end, and the whole where they make no sense', async () => {
    const { base, store } = await serve(kind)
    await store.write('x', body)
    const asked = (range: string, more: Record<string, string> = {}): Promise<Answer> =>
      ask(base, 'GET', `${objects}/x`, { headers: { range, ...more } })
    expect(await asked('bytes=0-9,5-19')).toMatchObject({ status: 206, body: body.subarray(0, 20) })
    expect((await asked('bytes=0-9,5-19')).headers['content-range']).toBe('bytes 0-19/5000')
    expect((await asked('bytes=0-9,9000-')).headers['content-range']).toBe('bytes 0-9/5000')
    const beyond = await asked('bytes=5000-,-0')
    expect(beyond).toMatchObject({ status: 416, code: 'InvalidRange' })
    expect(beyond.headers['content-range']).toBe('bytes */5000')
    for (const range of ['bytes=0-1,x', 'bytes=5-2,0-1', 'bytes=,', 'lines=0-1,4000-4001']) {
      expect([range, await asked(range)]).toMatchObject([range, { status: 200, body }])
    }
    const many = Array.from({ length: rangesMax + 1 }, (_, index) => `${index * 10}-${index * 10}`)
    expect(await asked(`bytes=${many.join(',')}`)).toMatchObject({ status: 200, body })
    const { etag = '' } = (await asked('bytes=0-0')).headers
    const two = 'bytes=0-0,4000-4000'
    expect(parts(await asked(two, { 'if-range': etag }))).toHaveLength(2)
    expect(await asked(two, { 'if-range': '"other"' })).toMatchObject({ status: 200, body })
    expect((await asked(two, { 'if-none-match': etag })).status).toBe(304)
    expect((await asked(two, { 'if-match': '"other"' })).status).toBe(412)
    await store.write('empty', '')
    expect(await ask(base, 'GET', `${objects}/empty`, { headers: { range: two } })).toMatchObject({
      status: 200,
      text: '',
    })
    expect((await ask(base, 'GET', `${objects}/none`, { headers: { range: two } })).status).toBe(404)
  })
})

const anyRange = fc.oneof(
  fc.tuple(fc.nat(300), fc.nat(300)).map(([from, length]) => `${from}-${from + length}`),
  fc.nat(320).map((from) => `${from}-`),
  fc.nat(320).map((suffix) => `-${suffix}`),
)

/** Reads a range as one reads it in the RFC, byte by byte. */
function bytesOf(range: string, size: number): Set<number> {
  const [first = '', last = ''] = range.split('-')
  const all = Array.from({ length: size }, (_, index) => index)
  if (first === '') return new Set(last === '0' ? [] : all.slice(-Number(last)))
  return new Set(all.filter((index) => index >= Number(first) && (last === '' || index <= Number(last))))
}

test('whatever is asked for comes, no byte twice, and no more than short gaps besides', async () => {
  const { base, store } = await serve('memory')
  const whole = body.subarray(0, 1000)
  await store.write('x', whole)
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        anyRange.map((range) => range.replace(/\d+/g, (n) => String(Number(n) * 3))),
        { minLength: 2, maxLength: 8 },
      ),
      async (ranges) => {
        const got = await ask(base, 'GET', `${objects}/x`, { headers: { range: `bytes=${ranges.join(',')}` } })
        const wanted = ranges.map((range) => bytesOf(range, whole.length))
        const asked = new Set(wanted.flatMap((bytes) => [...bytes]))
        if (asked.size === 0) {
          expect(got.status).toBe(416)
          return
        }
        expect(got.status).toBe(206)
        const single = /^bytes (\d+)-(\d+)\//.exec(got.headers['content-range'] ?? '')
        const sent =
          single === null ? parts(got) : [{ from: Number(single[1]), to: Number(single[2]) + 1, body: got.body }]
        const seen = new Set<number>()
        let twice = 0
        for (const { from, to, body: bytes } of sent) {
          expect(bytes.equals(whole.subarray(from, to))).toBe(true)
          for (let index = from; index < to; index++) {
            if (seen.has(index)) twice++
            seen.add(index)
          }
        }
        expect(twice).toBe(0)
        expect(asked.isSubsetOf(seen)).toBe(true)
        let [gap, longest] = [0, 0]
        for (let index = 0; index < whole.length; index++) {
          gap = seen.has(index) && !asked.has(index) ? gap + 1 : 0
          longest = Math.max(longest, gap)
        }
        expect(longest).toBeLessThanOrEqual(gapMax)
        const places = wanted.flatMap((bytes) => {
          const [first] = bytes
          return first === undefined ? [] : [sent.findIndex(({ from, to }) => first >= from && first < to)]
        })
        expect([...new Set(places)]).toEqual(sent.map((_, index) => index))
      },
    ),
    { numRuns: 200 },
  )
})

test('the most ranges that there may be cost little', () => {
  const specs: RangeSpec[] = Array.from({ length: rangesMax }, (_, index) => ({
    first: (rangesMax - index) * 1_000,
    last: Infinity,
  }))
  const started = performance.now()
  for (let times = 0; times < 100; times++) expect(partsOf(specs, 10 ** 9)).toHaveLength(1)
  expect(performance.now() - started).toBeLessThan(2_000)
})

test('an object that changes between two parts breaks the answer, and is never mixed', async () => {
  const { store } = await serve('memory')
  await store.write('x', body)
  let reads = 0
  const changing = withMethods(store, {
    read: async (key, options) => {
      if (++reads === 2) await store.write('x', Buffer.alloc(5_000, 1))
      return store.read(key, options)
    },
  })
  const { base } = await serveStore(changing)
  const answer = ask(base, 'GET', `${objects}/x`, { headers: { range: 'bytes=0-9,4000-4009' } })
  await expect(answer).rejects.toThrow(/aborted|hang up/)
})

test('without a state to bind them to, several ranges are the whole', async () => {
  const { store } = await serve('memory')
  await store.write('x', body)
  const weak = withMethods(store, {
    stat: async (key, options) => ({ ...(await store.stat(key, options)), etag: 'W/"1"' }),
  })
  const { base } = await serveStore(weak)
  const got = await ask(base, 'GET', `${objects}/x`, { headers: { range: 'bytes=0-9,4000-4009' } })
  expect(got).toMatchObject({ status: 200, body })
})
