import { randomUUID } from 'node:crypto'
import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

const pollMs = 250

/**
 * Holds `file` while `work` runs, so that one process at a time builds. The file names its holder, and one whose holder
 * is dead is taken over. A rare double take-over only costs a second build: what is built is published by a rename.
 */
export async function withLock<T>(file: string, deadlineMs: number, work: () => Promise<T>): Promise<T> {
  const name = `${process.pid} ${randomUUID()}`
  const own = `${file}.${name.replace(' ', '-')}`
  await writeFile(own, name)
  try {
    const end = Date.now() + deadlineMs
    while (!(await taken(own, file))) {
      if (await abandoned(file)) await rm(file, { force: true })
      else if (Date.now() > end) throw new Error(`${file} was held for ${deadlineMs} ms by another process`)
      else await sleep(pollMs)
    }
    return await work()
  } finally {
    if ((await holder(file)) === name) await rm(file, { force: true })
    await rm(own, { force: true })
  }
}

/** A link appears with its content whole, so a lock never stands without its holder's name. */
async function taken(own: string, file: string): Promise<boolean> {
  try {
    await link(own, file)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

async function holder(file: string): Promise<string | undefined> {
  return await readFile(file, 'utf8').catch(() => undefined)
}

async function abandoned(file: string): Promise<boolean> {
  const pid = Number.parseInt((await holder(file)) ?? '', 10)
  if (Number.isNaN(pid)) return false
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH'
  }
}
