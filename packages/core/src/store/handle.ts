import type { Handle } from '../backend/index.ts'
import { storageError } from '../errors/index.ts'
import type { Caller } from './groups.ts'
import type { StoreEntry, StoreHandle } from './store.ts'

/** A handle in the hands of a program. */
export function storeHandle(handle: Handle, key: string, caller: Caller): StoreHandle {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the codec has parsed the name
  const entry = (given: Handle['entry']): StoreEntry => given as StoreEntry
  const opened = entry(handle.entry)
  let { etag } = opened
  const missing = (what: string): Error => storageError('Unsupported', `this handle cannot ${what}; nothing was sent`)
  const close = (): Promise<void> => caller.call('open.close', key, undefined, () => handle.close())
  return {
    entry: opened,
    read: (into, at, options) => caller.call('open.read', key, options, (context) => handle.read(context, into, at)),
    write: (from, at, options) =>
      caller.call('open.write', key, options, async (context) => {
        if (handle.write === undefined) throw missing('write')
        await handle.write(context, from, at)
      }),
    truncate: (size, options) =>
      caller.call('open.truncate', key, options, async (context) => {
        if (handle.truncate === undefined) throw missing('truncate')
        await handle.truncate(context, size)
      }),
    publish: ({ signal, requestId, unconditional = false, ...conditions } = {}) =>
      caller.call('open.publish', key, { signal, requestId }, async (context) => {
        if (handle.publish === undefined) throw missing('publish')
        const given = conditions.ifAbsent !== undefined || conditions.ifMatch !== undefined
        const pinned = etag === undefined ? { ifAbsent: true as const } : { ifMatch: etag }
        const published = entry(await handle.publish(context, given || unconditional ? conditions : pinned))
        etag = published.etag
        return published
      }),
    close,
    [Symbol.asyncDispose]: close,
  }
}
