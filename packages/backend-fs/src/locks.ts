/**
 * Locks across the processes of a host: `HASH` in a folder for locks, a symbolic link that points nowhere and whose target names the owner,
 * so that lock and owner appear in one step.
 *
 * The lock of a dead owner is broken by whoever holds `HASH.break`: a directory with one file in it named after its holder. It is taken by
 * renaming a prepared directory onto it, which works only where it is missing or empty; a dead holder's file is removed by its name,
 * which cannot hit another's. So no live lock is ever removed.
 */
import { abortError, nameFromBytes, storageError } from '@kit/core'
import { ownerName, ownerState } from '@kit/core/node'
import { makeFolder } from './making.ts'
import type { Folder, Folders } from './folders.ts'
import { existsNow, hashOf, lstat, readlink, readNames, type FileLayer } from './fs-client.ts'
import { errnoOf } from './fs-errors.ts'
import type { Temporaries } from './temporaries.ts'

export interface Locks {
  /** Waits for the lock of a key and gives what releases it, which never throws. */
  take(key: string, signal: AbortSignal): Promise<() => Promise<void>>
  /** Whether any process uses locks here now; then every change takes one, or conditions would not see it. */
  inUse(): boolean | Promise<boolean>
  /** Breaks the locks of dead owners. */
  sweep(): Promise<void>
  /** Whether anybody, who is not known to be dead, holds the lock of this key; without a key, any that is not held here. */
  isHeld(key?: string): Promise<boolean>
}

const lockName = /^[0-9a-f]{40}$/
/** How long a lock of an owner of whom nothing can be known, on another host, is waited for. They are held for milliseconds. */
const foreignWaitMs = 30_000
/** Waited after the first lock, for changes that had looked for locks just before there were any. */
const settleMs = 25

interface Setting {
  readonly root: string
  /** Folder that the locks are in. */
  readonly home: string
  /** Whether it is made where it is missing; else that is ENOENT. */
  readonly makes: boolean
  readonly folders: Folders
  readonly files: FileLayer
  readonly local: boolean
  readonly token: string
  readonly temporaries: () => Temporaries
}

export function createLocks(setting: Setting): Locks {
  const { root, home, makes, folders, files, local, token, temporaries } = setting
  const me = `${ownerName()}.${token}`
  const mine = new Set<string>()
  let unusedUntil = 0
  const path = `${root === '/' ? '' : root}/${home}`

  async function folder(): Promise<Folder> {
    const held = folders.held(home)
    if (held !== undefined || !makes) return held ?? folders.open(home)
    const there = await folders.open(home).catch(() => undefined)
    if (there !== undefined) return there
    const made = await makeFolder(folders, files, home)
    await pause(settleMs)
    return made
  }

  async function take(key: string, signal: AbortSignal): Promise<() => Promise<void>> {
    const name = hashOf(key)
    let foreignSince: number | undefined
    for (let tries = 0; ; tries++) {
      if (signal.aborted) throw abortError(signal)
      const held = await folder()
      try {
        if (await make(held, name)) return () => free(name)
        const owner = await ownerOf(held, name)
        const state = owner === undefined ? 'gone' : owner === me ? 'stray' : ownerState(owner)
        if (state === 'gone') continue
        if (state === 'stray' && !mine.has(name)) await files.unlink(held.at(name)).catch(() => undefined)
        else if (state === 'dead' && owner !== undefined) await breakLock(held, name, owner)
        else if (state === 'unknown') {
          foreignSince ??= performance.now()
          if (performance.now() - foreignSince > foreignWaitMs) throw stuck(`${home}/${name}`, owner ?? '')
        }
      } finally {
        folders.release(held)
      }
      await pause(1 + Math.random() * Math.min(19, 2 + tries), signal)
    }
  }

  async function make(held: Folder, name: string): Promise<boolean> {
    try {
      await files.symlink(me, held.at(name))
      mine.add(name)
      return true
    } catch (error) {
      // ENOENT: a store that closed took the empty directory away.
      if (errnoOf(error) === 'EEXIST' || errnoOf(error) === 'ENOENT') return false
      throw error
    }
  }

  async function free(name: string): Promise<void> {
    mine.delete(name)
    const held = await folder().catch(() => undefined)
    if (held === undefined) return
    try {
      // A lock that stays is a stray: its next taker here removes it, and every process once this one has ended.
      await files.unlink(held.at(name)).catch(() => files.unlink(held.at(name)).catch(() => undefined))
    } finally {
      folders.release(held)
    }
  }

  async function breakLock(held: Folder, name: string, dead: string): Promise<void> {
    const breaker = `${name}.break`
    if (!(await takeBreaker(held, breaker))) return
    try {
      if ((await ownerOf(held, name)) === dead) await files.unlink(held.at(name))
    } finally {
      await files.unlink(held.at(`${breaker}/${me}`)).catch(() => undefined)
      await files.rmdir(held.at(breaker)).catch(() => undefined)
    }
  }

  async function takeBreaker(held: Folder, breaker: string): Promise<boolean> {
    const prepared = await temporaries().named((at) => files.mkdir(at))
    const inside = `${prepared.path.toString()}/${me}`
    try {
      await files.symlink('-', inside)
      await files.rename(prepared.path, held.at(breaker))
      return true
    } catch (error) {
      await files.unlink(inside).catch(() => undefined)
      await files.rmdir(prepared.path).catch(() => undefined)
      const errno = errnoOf(error)
      if (errno !== 'ENOTEMPTY' && errno !== 'EEXIST') throw error
      await dropDeadBreakers(held, breaker)
      return false
    } finally {
      temporaries().gone(prepared)
    }
  }

  async function dropDeadBreakers(held: Folder, breaker: string): Promise<void> {
    for (const owner of await readNames(held.at(breaker)).catch(() => [])) {
      if (ownerState(owner) === 'dead') await files.unlink(held.at(`${breaker}/${owner}`)).catch(() => undefined)
    }
  }

  async function sweep(): Promise<void> {
    const held = await folders.open(home)
    try {
      const names = await readNames(held.path)
      // First what breakers that died have left: it stands in the way of breaking the locks.
      for (const name of names) {
        if (!name.endsWith('.break')) continue
        await dropDeadBreakers(held, name)
        await files.rmdir(held.at(name)).catch(() => undefined)
      }
      for (const name of names) {
        if (!lockName.test(name)) continue
        const owner = await ownerOf(held, name)
        if (owner !== undefined && ownerState(owner) === 'dead') await breakLock(held, name, owner)
      }
    } finally {
      folders.release(held)
    }
  }

  async function isHeld(key?: string): Promise<boolean> {
    const held = await folder()
    try {
      if (key !== undefined && (await ownerOf(held, hashOf(key))) === undefined) return false
      await sweep()
      if (key !== undefined) return (await ownerOf(held, hashOf(key))) !== undefined
      return (await readNames(held.path)).some((name) => lockName.test(name) && !mine.has(name))
    } finally {
      folders.release(held)
    }
  }

  return {
    take,
    sweep,
    isHeld,
    inUse() {
      if (mine.size > 0) return true
      if (local) {
        const now = performance.now()
        if (now < unusedUntil) return false
        if (existsNow(path)) return true
        unusedUntil = now + settleMs / 5
        return false
      }
      return lstat(path).then(
        () => true,
        () => false,
      )
    },
  }
}

async function ownerOf(held: Folder, name: string): Promise<string | undefined> {
  try {
    return nameFromBytes(await readlink(held.at(name)))
  } catch {
    return undefined
  }
}

function stuck(lock: string, owner: string): Error {
  return storageError('Timeout', `${owner} has held the lock ${lock} for long; if it is gone, remove that file`)
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    const onAbort = (): void => {
      clearTimeout(timer)
      if (signal !== undefined) reject(abortError(signal))
    }
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}
