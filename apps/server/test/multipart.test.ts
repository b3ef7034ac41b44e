import fc from 'fast-check'
import { expect, test } from 'vitest'
import { boundaryOf, partsOf } from '../src/wire/multipart.ts'

const encoder = new TextEncoder()

async function* cut(body: Uint8Array, at: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0
  for (const to of [...at.map((place) => place % (body.length + 1)), body.length].toSorted((a, b) => a - b)) {
    if (to > from) yield body.slice(from, to)
    from = Math.max(from, to)
  }
}

test('parts come out as they went in, wherever the body is cut, whatever they hold', async () => {
  // Much of what delimiters are made of.
  const bytes = fc.array(fc.constantFrom(13, 10, 45, 98, 0, 255), { maxLength: 60 }).map((all) => Uint8Array.from(all))
  const part = fc.record({ bytes, taken: fc.boolean() })
  const cuts = fc.array(fc.nat(), { maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 5 }), cuts, async (parts, at) => {
      const boundary = 'bb-unlikely'
      const pieces = parts.flatMap(({ bytes: body }, index) => [
        encoder.encode(`--${boundary}  \r\nContent-Disposition: form-data; name="n${index}"; filename="f"\r\n\r\n`),
        body,
        encoder.encode('\r\n'),
      ])
      const whole = Buffer.concat([...pieces, encoder.encode(`--${boundary}--\r\nwhat follows`)])
      const came: [string, string][] = []
      for await (const { name, body } of partsOf(cut(whole, at), boundary)) {
        const index = came.length
        if (parts[index]?.taken !== true) {
          came.push([name, ''])
          continue
        }
        const got: Uint8Array[] = []
        for await (const piece of body) got.push(piece)
        came.push([name, Buffer.concat(got).toString('hex')])
      }
      const expected = parts.map(({ bytes: body, taken }, index) => [
        `n${index}`,
        taken ? Buffer.from(body).toString('hex') : '',
      ])
      expect(came).toEqual(expected)
    }),
  )
})

test('a body that ends anywhere before its end is refused', async () => {
  const whole = encoder.encode('--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nbody\r\n--b--')
  for (let length = 0; length < whole.length; length++) {
    const reading = (async () => {
      for await (const { body } of partsOf(cut(whole.slice(0, length), []), 'b')) for await (const _ of body) void _
    })()
    await expect(reading).rejects.toMatchObject({ code: 'InvalidConfig' })
  }
})

test('a boundary is read from the type, quoted or not, and nothing else is one', () => {
  expect(boundaryOf('multipart/form-data; boundary=abc')).toBe('abc')
  expect(boundaryOf('Multipart/Form-Data; charset=utf-8; boundary="a b"')).toBe('a b')
  for (const type of [undefined, 'text/plain', 'multipart/mixed; boundary=a', 'multipart/form-data']) {
    expect(() => boundaryOf(type)).toThrow(/multipart/)
  }
})
