import { throwIfAborted, untilAborted } from '@kit/core'

/**
 * Who may change a daemon's files now. Kubo loses changes that are made at the same time in one tree of directories (about one in a few hundred,
 * with each of them answered as done), so in this process they are made one after the other; and it collects what a write has added and
 * not yet named, so a collection waits for writes, and writes for a collection.
 */
export interface Turns {
  /** One change of names, alone. */
  change<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result>
  /** From the first byte to the name. Any number at once, but none while something is collected. */
  write<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result>
  /** Alone among writes. What comes while it waits, waits for it. */
  collect(signal: AbortSignal): Promise<AsyncDisposable>
}

interface Daemon {
  users: number
  /** Ends with the last change that was asked for. */
  changes: Promise<unknown>
  writes: Set<Promise<unknown>>
  collection: Promise<unknown> | undefined
}

// By address, for all stores of this process.
const daemons = new Map<string, Daemon>()

export function turnsOf(address: string): Turns {
  async function using<Result>(work: (daemon: Daemon) => Promise<Result>): Promise<Result> {
    const daemon = daemons.get(address) ?? {
      users: 0,
      changes: Promise.resolve(),
      writes: new Set(),
      collection: undefined,
    }
    daemons.set(address, daemon)
    daemon.users++
    try {
      return await work(daemon)
    } finally {
      if (--daemon.users === 0) daemons.delete(address)
    }
  }

  async function endOfCollection(daemon: Daemon, signal: AbortSignal): Promise<void> {
    while (daemon.collection !== undefined) await untilAborted(signal, daemon.collection)
  }

  return {
    change: (signal, work) =>
      using(async (daemon) => {
        const before = daemon.changes
        const over = Promise.withResolvers<void>()
        daemon.changes = before.then(() => over.promise)
        try {
          await untilAborted(signal, before)
          throwIfAborted(signal)
          return await work()
        } finally {
          over.resolve()
        }
      }),
    write: (signal, work) =>
      using(async (daemon) => {
        await endOfCollection(daemon, signal)
        const over = Promise.withResolvers<void>()
        daemon.writes.add(over.promise)
        try {
          return await work()
        } finally {
          daemon.writes.delete(over.promise)
          over.resolve()
        }
      }),
    async collect(signal) {
      const over = Promise.withResolvers<void>()
      const begun = Promise.withResolvers<void>()
      const held = using(async (daemon) => {
        await endOfCollection(daemon, signal)
        const collection = over.promise
        daemon.collection = collection
        try {
          await untilAborted(signal, Promise.all(daemon.writes))
          begun.resolve()
          await over.promise
        } finally {
          over.resolve()
          if (daemon.collection === collection) daemon.collection = undefined
        }
      })
      held.catch(begun.reject)
      await begun.promise
      return {
        async [Symbol.asyncDispose]() {
          over.resolve()
          await held
        },
      }
    },
  }
}
