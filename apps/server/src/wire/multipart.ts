/** The parts of a `multipart/form-data` body (RFC 7578), one after another, as they arrive. */
import { ownBytes, type Bytes } from '@kit/core'
import { refusal } from '../answers.ts'

export interface Part {
  /** As the part's Content-Disposition has it, percent-decoding left to whoever knows what it means. */
  readonly name: string
  readonly filename: string | undefined
  /** In lower case, without parameters; '' where there is none. */
  readonly contentType: string
  /** To be taken before the next part; what is not taken is passed over. */
  readonly body: AsyncIterable<Bytes>
}

/** Of one part, in bytes. */
const headMaxBytes = 16_384

/** The boundary that a Content-Type names. @throws InvalidConfig for what is no `multipart/form-data` */
export function boundaryOf(contentType: string | undefined): string {
  const found = /^multipart\/form-data[\t ]*;.*\bboundary=(?:"([^"]{1,100})"|([^\s;"]{1,100}))/i.exec(contentType ?? '')
  const boundary = found?.[1] ?? found?.[2]
  if (boundary === undefined) {
    throw refusal('InvalidConfig', 'the body is to be multipart/form-data with a boundary', { status: 415 })
  }
  return boundary
}

/** At most a piece of the body is held, and the head of a part. @throws InvalidConfig for a body that is no such thing */
export async function* partsOf(body: AsyncIterable<Uint8Array>, boundary: string): AsyncGenerator<Part> {
  const pieces = body[Symbol.asyncIterator]()
  const delimiter = Buffer.from(`\r\n--${boundary}`)
  // A body that begins with its delimiter has no line before it.
  let held: Buffer = Buffer.from('\r\n')

  async function pull(): Promise<void> {
    const step = await pieces.next()
    if (step.done === true) throw notMultipart('it ends before its last boundary')
    const piece = Buffer.from(step.value.buffer, step.value.byteOffset, step.value.byteLength)
    held = held.length === 0 ? piece : Buffer.concat([held, piece])
  }
  /** What stands before the next delimiter, which is taken too. */
  async function* content(): AsyncGenerator<Bytes> {
    for (;;) {
      const at = held.indexOf(delimiter)
      const sure = at === -1 ? Math.max(0, held.length - delimiter.length + 1) : at
      // Of its own: the rest of the piece is looked at when whoever has this may have changed it.
      if (sure > 0) yield ownBytes(new Uint8Array(held.subarray(0, sure)))
      held = held.subarray(at === -1 ? sure : at + delimiter.length)
      if (at !== -1) return
      await pull()
    }
  }
  /** The line end behind a delimiter, or its end. */
  async function isLast(): Promise<boolean> {
    while (held.length < 2) await pull()
    if (held.subarray(0, 2).equals(Buffer.from('--'))) return true
    // White space may stand there, RFC 2046 §5.1.1.
    for (;;) {
      const end = held.indexOf('\r\n')
      const padding = end === -1 ? held : held.subarray(0, end)
      if (padding.some((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) || padding.length > headMaxBytes) {
        throw notMultipart('a boundary is followed by something else than a line end')
      }
      if (end !== -1) {
        // The line end stays: an empty head is one line end and another.
        held = held.subarray(end)
        return false
      }
      await pull()
    }
  }
  async function head(): Promise<string> {
    for (;;) {
      const end = held.indexOf('\r\n\r\n')
      if (end > headMaxBytes || (end === -1 && held.length > headMaxBytes)) throw notMultipart('a part has a long head')
      if (end !== -1) {
        const text = held.toString('utf8', 0, end)
        held = held.subarray(end + 4)
        return text
      }
      await pull()
    }
  }

  try {
    for await (const _ of content()) void _
    while (!(await isLast())) {
      const { name, filename, contentType } = headOf(await head())
      const taken = content()
      // Without `return`: whoever ends early leaves the rest of the part here.
      const partBody = { [Symbol.asyncIterator]: () => ({ next: () => taken.next() }) }
      yield { name, filename, contentType, body: partBody }
      for await (const _ of partBody) void _
    }
    // What follows is nobody's, and has to come before an answer is sure to be read.
    for (let step = await pieces.next(); step.done !== true; step = await pieces.next());
  } finally {
    await pieces.return?.()
  }
}

function headOf(text: string): Omit<Part, 'body'> {
  const lines = text.split('\r\n').filter((line) => line !== '')
  const fields = new Map(
    lines.map((line) => [line.split(':', 1)[0]?.toLowerCase() ?? '', line.replace(/^[^:]*:/, '').trim()]),
  )
  const disposition = fields.get('content-disposition') ?? ''
  const parameter = (name: string): string | undefined =>
    new RegExp(`;[\\t ]*${name}="((?:[^"\\\\]|\\\\.)*)"`, 'i').exec(disposition)?.[1]?.replaceAll(/\\(.)/g, '$1') ??
    new RegExp(`;[\\t ]*${name}=([^";\\s]+)`, 'i').exec(disposition)?.[1]
  return {
    name: parameter('name') ?? '',
    filename: parameter('filename'),
    contentType: (fields.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '',
  }
}

function notMultipart(why: string): Error {
  return refusal('InvalidConfig', `the body is no multipart/form-data: ${why}`)
}
