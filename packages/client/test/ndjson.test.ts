import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readLines } from '../src/index.ts'

function cut(bytes: Uint8Array, lengths: readonly number[]): ReadableStream<Uint8Array> {
  let at = 0
  let turn = 0
  return new ReadableStream({
    pull(controller) {
      const length = Math.max(1, lengths[turn++ % lengths.length] ?? 1)
      if (at >= bytes.byteLength) controller.close()
      else controller.enqueue(bytes.slice(at, (at += length)))
    },
  })
}

describe('lines of JSON', () => {
  it('are the same however the bytes are cut, with or without a line break at the end', async () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue()), lengths, fc.boolean(), async (values, sizes, ended) => {
        const text = values.map((value) => JSON.stringify(value)).join('\n') + (ended ? '\n' : '')
        const found = (await Array.fromAsync(readLines(cut(new TextEncoder().encode(text), sizes)))).flat()
        expect(found).toEqual(values.map((value) => JSON.parse(JSON.stringify(value))))
      }),
    )
  })

  it('that are none are a SyntaxError, and one without end a RangeError', async () => {
    const read = async (text: string): Promise<unknown> => Array.fromAsync(readLines(new Response(text).body))
    await expect(read('{"a":1}\n{"b"')).rejects.toThrow(SyntaxError)
    await expect(read(`"${'x'.repeat(5 << 20)}"`)).rejects.toThrow(RangeError)
  })

  it('free the body when they are broken off', async () => {
    let cancelled = false
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new TextEncoder().encode('1\n')),
      cancel: () => {
        cancelled = true
      },
    })
    for await (const values of readLines(body)) {
      expect(values).toEqual([1])
      break
    }
    expect(cancelled).toBe(true)
  })
})
