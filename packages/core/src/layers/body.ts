/* oxlint-disable typescript/no-unsafe-type-assertion -- operations are found by name here, which types cannot follow */
import type { ByteStream, ReadResult } from '../backend/index.ts'
import { endable } from '../store/source.ts'
import type { CallName } from './layer.ts'

/**
 * Calls `end` once, when everything that an operation gave has been used: at once for most, at the end of the body (read to its end, broken,
 * or ended early) for what streams. Returns what takes the result's place.
 */
export function whenUsed(operation: CallName, result: unknown, end: (failure?: unknown) => void): unknown {
  if (operation === 'read' || operation === 'content.read') {
    const { body } = result as ReadResult
    if (!(body instanceof Uint8Array)) return { ...(result as ReadResult), body: endingStream(body, end) }
  } else if (operation === 'content.car') return endingStream(result as ByteStream, end)
  end()
  return result
}

/** The stream; `end` is called when it has ended in whatever way. */
export async function* endingStream<Item>(
  stream: AsyncIterable<Item>,
  end: (failure?: unknown) => void,
): AsyncGenerator<Item> {
  const iterator = endable(stream)
  let failure: unknown
  let ended = false
  try {
    for (;;) {
      const step = await iterator.next()
      if (step.done === true) {
        ended = true
        return
      }
      yield step.value
    }
  } catch (error) {
    failure = error ?? new Error('rejected with nothing')
    ended = true
    throw error
  } finally {
    try {
      if (!ended) await iterator.return()
    } finally {
      end(failure)
    }
  }
}
