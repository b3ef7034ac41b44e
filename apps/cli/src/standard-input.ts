import { abortError, type ByteStream } from '@kit/core'
import { fromNodeStream } from '@kit/core/node'
import type { Session } from './session.ts'

/** Standard input as it comes, for the time of some work; it ends with the command. */
export async function withStandardInput<Result>(
  { signal }: Session,
  work: (stream: ByteStream) => Promise<Result>,
): Promise<Result> {
  const { stdin } = process
  const stop = (): void => void stdin.destroy(abortError(signal))
  // Whoever reads the stream gets the error; when nobody does any more, it is no news.
  stdin.on('error', () => undefined)
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await work(fromNodeStream(stdin))
  } finally {
    signal.removeEventListener('abort', stop)
    stdin.destroy()
  }
}
