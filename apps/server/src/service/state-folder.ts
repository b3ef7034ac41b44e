/** What a server keeps for itself between its runs: the key that its upload ids are signed with, and its tokens. */
import { randomBytes } from 'node:crypto'
import { link, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { storageError } from '@kit/core'
import { makeFolders } from '@kit/core/node'

const keyBytes = 32

/** Where a server keeps what is its own, unless told: beside its configuration file, or in the working directory where it has none. */
export function stateFolderBeside(config: string | undefined): string {
  return join(config === undefined ? process.cwd() : dirname(config), '.kit', 'server')
}

/** The file of tokens that a server finds by itself. */
export function tokenFileIn(stateFolder: string): string {
  return join(stateFolder, 'tokens.json')
}

/**
 * The key that upload ids are signed with, made on the first run: 32 random bytes, for this user's eyes only.
 * @throws InvalidConfig where others may read it, or it is none
 */
export async function uploadKeyIn(stateFolder: string): Promise<Uint8Array> {
  const path = join(stateFolder, 'upload-key')
  await makeFolders(stateFolder, 0o700)
  await makeOnce(path, randomBytes(keyBytes))
  await requirePrivate(path)
  const key = await readFile(path)
  if (key.byteLength === keyBytes) return key
  throw storageError('InvalidConfig', `${path} is no key of ${keyBytes} bytes: remove it, and uploads begun before end`)
}

/** Whole or not at all, also where two servers begin at once: the first one's stays. */
async function makeOnce(path: string, bytes: Uint8Array): Promise<void> {
  const mine = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`
  try {
    await stat(path)
    return
  } catch {
    await writeFile(mine, bytes, { mode: 0o600, flag: 'wx' })
  }
  try {
    await link(mine, path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    await rm(mine, { force: true })
  }
}

/** @throws InvalidConfig where anybody but the owner may read or write the file */
export async function requirePrivate(path: string): Promise<void> {
  const { mode } = await stat(path)
  if (process.platform === 'win32' || (mode & 0o077) === 0) return
  const now = (mode & 0o777).toString(8)
  throw storageError(
    'InvalidConfig',
    `${path} is a secret that others may read or write (mode ${now}): chmod 600 ${path}`,
  )
}
