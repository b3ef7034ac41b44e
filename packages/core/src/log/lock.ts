/**
 * The lock of the one process that writes: an empty file `lock-HOST-PID-START.TOKEN`. Who has made its own and then sees no other holds the
 * lock: of two that do so at the same time at least one sees the other, and gives way. Those of dead processes are removed; as the
 * owner is part of the name, that never hits another's.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { storageError } from '../errors/index.ts'
import { ownerName, ownerState } from '../node/owner.ts'
import { namesIn, flags } from './disk.ts'
import type { LogFiles } from './files.ts'

const tries = 5

/** Gives what releases the lock, which never throws. @throws Unavailable where somebody else has it. */
export async function takeLock(files: LogFiles, folder: string): Promise<() => Promise<void>> {
  const mine = `lock-${ownerName()}.${randomBytes(6).toString('hex')}`
  const path = join(folder, mine)
  // One that stays all the same is removed by the next one who comes when this process has ended.
  const release = (): Promise<void> => files.unlink(path).catch(() => files.unlink(path).catch(() => undefined))
  for (let tried = 1; ; tried++) {
    let holder: string | undefined
    try {
      await files.close(await files.open(path, flags.create))
      holder = await otherHolder(files, folder, mine)
    } catch (error) {
      await release()
      throw error
    }
    if (holder === undefined) return release
    await release()
    // The other may have given way as well.
    if (tried === tries) throw held(folder, holder)
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 10 * tried))
  }
}

async function otherHolder(files: LogFiles, folder: string, mine: string): Promise<string | undefined> {
  for (const name of await namesIn(folder)) {
    if (!name.startsWith('lock-') || name === mine) continue
    const owner = name.slice('lock-'.length)
    if (ownerState(owner) !== 'dead') return owner
    await files.unlink(join(folder, name)).catch(() => undefined)
  }
  return undefined
}

function held(folder: string, owner: string): Error {
  const foreign = ownerState(owner) === 'unknown'
  const hint = foreign ? `; if that process is gone, remove ${join(folder, `lock-${owner}`)}` : ''
  return storageError('Unavailable', `${owner} writes to the log in ${folder}${hint}`)
}
