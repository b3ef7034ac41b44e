import { open, readFile, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fromErrno, storageError } from '@kit/core'

/** Saving takes milliseconds: who has not got the lock after this gives up. */
const waitMs = 3_000
const pollMs = 15

/**
 * Does the work while no other Kit program saves the same file. The lock is a file beside it that names its owner. One whose process has
 * died on this host is taken over; should two take it over in the same instant, the last of them to compare the text still sees that.
 * @throws Conflict
 */
export async function whileLocked(target: string, work: () => Promise<void>): Promise<void> {
  const lock = join(dirname(target), `.${basename(target)}.lock`)
  await take(lock)
  try {
    await work()
  } finally {
    await rm(lock, { force: true })
  }
}

async function take(lock: string): Promise<void> {
  const owner = JSON.stringify({ pid: process.pid, host: hostname() })
  for (const deadline = Date.now() + waitMs; ;) {
    try {
      const handle = await open(lock, 'wx', 0o600)
      try {
        await handle.writeFile(owner)
      } finally {
        await handle.close()
      }
      return
    } catch (error) {
      const failure = fromErrno(error, { operation: 'write', key: lock })
      if (failure.code !== 'AlreadyExists') throw failure
    }
    if (await isAbandoned(lock)) await rm(lock, { force: true })
    else if (Date.now() > deadline) {
      throw storageError('Conflict', `another program is saving; if none is, remove ${lock}`)
    } else await delay(pollMs)
  }
}

async function isAbandoned(lock: string): Promise<boolean> {
  let owner: unknown
  try {
    owner = JSON.parse(await readFile(lock, 'utf8'))
  } catch {
    // It is gone, or its owner is just writing into it.
    return false
  }
  if (typeof owner !== 'object' || owner === null || !('pid' in owner) || !('host' in owner)) return false
  const { pid, host } = owner
  if (typeof pid !== 'number' || host !== hostname()) return false
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH'
  }
}
