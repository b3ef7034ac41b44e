import { createReadStream } from 'node:fs'
import type { ByteStream } from '@kit/core'

export async function* fileStream(path: string): ByteStream & AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for await (const chunk of createReadStream(path)) yield new Uint8Array(chunk)
}
