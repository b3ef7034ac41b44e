import { abortError, storageError, type ChangeNotice, type Context } from '@kit/core'
import type { Watcher } from './fs-client.ts'
import { errnoOf, fsError } from './fs-errors.ts'
import type { Site } from './site.ts'
import { watchTree } from './watch-tree.ts'

/** Keys kept for a consumer that is slow; more are told as `lost`. */
const keptMax = 10_000

type Step = IteratorResult<ChangeNotice, undefined>

/** From the first `next()` on. What happens while the consumer is busy is told together in the next notice. */
export function changes(open: () => Promise<Site>, { signal }: Context): AsyncIterable<ChangeNotice> {
  let keys = new Set<string>()
  let lost = false
  let failure: Error | undefined
  let site: Site | undefined
  let tree: Watcher | undefined
  let ended = false
  let wake: (() => void) | undefined

  const listener = {
    changed(key: string): void {
      if (keys.size >= keptMax) listener.lost()
      else if (!lost) keys.add(key)
      wake?.()
    },
    lost(): void {
      lost = true
      keys = new Set()
      wake?.()
    },
    failed(error: unknown): void {
      failure ??= watchError(error)
      wake?.()
    },
  }

  const isQuiet = (): boolean => !ended && failure === undefined && !lost && keys.size === 0

  async function close(): Promise<void> {
    if (ended) return
    ended = true
    signal.removeEventListener('abort', onAbort)
    site?.living.delete(close)
    tree?.close()
    wake?.()
  }

  function onAbort(): void {
    void close()
  }

  async function step(): Promise<Step> {
    if (signal.aborted) throw abortError(signal)
    if (site === undefined && !ended) {
      try {
        site = await open()
        site.living.add(close)
        tree = watchTree(site, listener)
      } catch (error) {
        await close()
        throw watchError(error)
      }
    }
    while (isQuiet()) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
      wake = undefined
      // More comes in the same turn, and goes into the same notice.
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
    }
    if (signal.aborted) throw abortError(signal)
    if (ended) return { done: true, value: undefined }
    if (lost || keys.size > 0) {
      const value: ChangeNotice = lost ? { keys: [], lost } : { keys: [...keys] }
      keys = new Set()
      lost = false
      return { done: false, value }
    }
    await close()
    throw failure ?? storageError('Unexpected', 'the watch ended')
  }

  signal.addEventListener('abort', onAbort, { once: true })
  let last: Promise<unknown> = Promise.resolve()
  const iterator: AsyncIterator<ChangeNotice, undefined> = {
    next() {
      const next = last.then(step, step)
      last = next
      return next
    },
    async return() {
      await close()
      return { done: true, value: undefined }
    },
  }
  return { [Symbol.asyncIterator]: () => iterator }
}

function watchError(error: unknown): Error {
  const errno = errnoOf(error)
  if (errno !== 'ENOSPC' && errno !== 'EMFILE') return fsError(error)
  const text = 'the system watches no more directories for this user (on Linux: fs.inotify.max_user_watches)'
  return storageError('Unavailable', text, { cause: error })
}
