import { nameFromBytes } from '@kit/core'
import { kindOf } from './entry.ts'
import { pathOf, reserved } from './folders.ts'
import { entriesNow, existsNow, lstatNow, watchDirectory, watchesTrees, type Watcher } from './fs-client.ts'
import { errnoOf } from './fs-errors.ts'
import type { Site } from './site.ts'

export interface TreeListener {
  changed(key: string): void
  /** Something happened, and it is not known what. */
  lost(): void
  failed(error: unknown): void
}

/** The kernel keeps 16,384 events and drops what comes then, without a word to us: so many at once are as good as lost. */
const eventsPerTurnMax = 8000
/** Directories watched before anything else runs: about 30 ms. */
const atOnceMax = 1000

/** Watches every directory of a store but the reserved one, and those that are made later. */
export function watchTree(site: Site, listener: TreeListener): Watcher {
  const watched = new Map<string, { readonly watcher: Watcher; readonly inode: number }>()
  const prefix = site.root === '/' ? '/' : `${site.root}/`
  let closed = false
  const isOpen = (): boolean => !closed
  let eventsThisTurn = 0

  /** Watches a directory and gives the keys of what is in it. */
  function watch(key: string): { readonly key: string; readonly directory: boolean }[] {
    const folder = key === '' ? undefined : site.folders.visitNow(key)
    try {
      // Ends in a dot, which then is the name in events of the directory itself.
      const path = folder?.path ?? `${prefix}.`
      const inode = lstatNow(path)?.ino
      if (inode === undefined) return []
      const onEvent = (renamed: boolean, name: Buffer | null): void => event(key, renamed, name)
      const watcher = watchDirectory(path, onEvent, (error) => listener.failed(error))
      watched.set(key, { watcher, inode })
      if (watchesTrees) return []
      return entriesNow(path).flatMap(({ name, directory }) => {
        const text = nameFromBytes(name)
        return key === '' && text === reserved ? [] : [{ key: join(key, text), directory }]
      })
    } finally {
      if (folder !== undefined) site.folders.release(folder)
    }
  }

  /** Watches some of those that wait, and puts what is in them to the others. `fresh`: they were made just now, so all in them is new. */
  function watchSome(waiting: string[], most: number, fresh: boolean): void {
    for (let count = 0; count < most && isOpen(); count++) {
      const key = waiting.pop()
      if (key === undefined) return
      if (watched.has(key)) continue
      try {
        for (const found of watch(key)) {
          if (fresh) listener.changed(found.key)
          if (found.directory) waiting.push(found.key)
        }
      } catch (error) {
        if (!isGone(error)) throw error
      }
    }
  }

  function watchAll(key: string, fresh: boolean): void {
    const waiting = [key]
    watchSome(waiting, atOnceMax, fresh)
    if (waiting.length > 0) {
      void (async () => {
        while (waiting.length > 0 && isOpen()) {
          await nextTurn()
          watchSome(waiting, atOnceMax / 5, fresh)
        }
        // What happened meanwhile where nobody watched yet is not known.
        listener.lost()
      })().catch(listener.failed)
    }
  }

  function event(directory: string, renamed: boolean, bytes: Buffer | null): void {
    if (closed) return
    count()
    const name = bytes === null ? undefined : nameFromBytes(bytes)
    if (name === undefined) {
      listener.lost()
      return
    }
    if (name === '.') {
      if (directory === '' && !existsNow(site.root)) listener.lost()
      return
    }
    const key = join(directory, name)
    if (key === reserved || key.startsWith(`${reserved}/`)) return
    listener.changed(key)
    if (!renamed || watchesTrees) return
    try {
      follow(key)
    } catch (error) {
      listener.failed(error)
    }
  }

  /** A directory may have come or gone. */
  function follow(key: string): void {
    const stats = lstatNow(pathOf(prefix + key))
    const directory = stats !== undefined && kindOf(stats) === 'directory'
    const known = watched.get(key)
    if (known !== undefined) {
      if (directory && known.inode === stats.ino) return
      for (const [below, { watcher }] of watched) {
        if (below !== key && !below.startsWith(`${key}/`)) continue
        watcher.close()
        watched.delete(below)
      }
      // It may have been moved away with all that was in it.
      listener.lost()
    }
    if (directory) watchAll(key, true)
  }

  function count(): void {
    if (eventsThisTurn++ > 0) return
    setImmediate(() => {
      if (eventsThisTurn > eventsPerTurnMax) listener.lost()
      eventsThisTurn = 0
    })
  }

  function close(): void {
    closed = true
    for (const { watcher } of watched.values()) watcher.close()
    watched.clear()
  }

  try {
    watchAll('', false)
  } catch (error) {
    close()
    throw error
  }
  return { close }
}

function join(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`
}

function isGone(error: unknown): boolean {
  const errno = errnoOf(error)
  return errno === 'ENOENT' || errno === 'ENOTDIR' || errno === 'ELOOP'
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
