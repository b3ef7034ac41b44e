import { maxBlockBytes } from '@kit/content'
import { collect, type Bytes } from '@kit/core'
import type { Session } from '../session.ts'
import { withStandardInput } from '../standard-input.ts'

/** A file of any store, or standard input, that is to become one block. @throws TooLarge for what no block holds */
export async function readWhole(session: Session, target: string = '-'): Promise<Bytes> {
  if (target === '-') return withStandardInput(session, (stream) => collect(stream, maxBlockBytes))
  const { store, key } = await session.place(target)
  await using reading = await store.read(key, session.call)
  return await reading.bytes({ maxBytes: maxBlockBytes })
}
