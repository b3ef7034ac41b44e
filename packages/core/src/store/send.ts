import type { Context, Source } from '../backend/index.ts'
import { storageError } from '../errors/index.ts'
import { DerivedContext } from './context.ts'
import { requireLength, watchSource } from './source.ts'

/**
 * Hands a body down to a backend: its size enforced, a pull that waits ended by the signal. Where the body itself fails the backend's call is
 * aborted, so that no client waits for the rest, and the failure is thrown as it came, whatever the backend makes of it.
 */
export async function sendSource<Result>(
  context: Context,
  source: Source,
  work: (context: Context, source: Source) => Promise<Result>,
): Promise<Result> {
  if (source.bytes !== undefined) {
    requireLength(source)
    return work(context, source)
  }
  const derived = new DerivedContext(context)
  const watched = watchSource(source, {
    signal: derived.signal,
    onFailure: () => derived.abort(storageError('Aborted', 'the body failed', { cause: watched.failure })),
  })
  try {
    return await work(derived, watched.source)
  } catch (error) {
    throw watched.failed ? watched.failure : error
  } finally {
    derived.release()
  }
}
