/** The tokens of a running server, read again when their file changes. */
import { storageError } from '@kit/core'
import type { Log } from '../service/log.ts'
import { watchFiles } from '../service/watch-files.ts'
import { accessOf, type Access } from './access.ts'
import { pathsOf, readTokens, type StoredToken } from './token-file.ts'

export interface LoadedToken {
  readonly id: string
  /** SHA-256 of the secret. */
  readonly hash: Buffer
  /** Unix ms. */
  readonly expires: number | undefined
  readonly access: Access
}

/** Where a server finds its tokens. */
export interface TokenSource {
  /** By id; undefined where there is no file of tokens. */
  current(): ReadonlyMap<string, LoadedToken> | undefined
}

export interface OpenedTokens extends TokenSource {
  reload(): Promise<void>
  close(): void
}

/**
 * The tokens of the file that is named, or of the one that a server finds by itself, which need not be there. A new version that is wrong
 * is told to the log, and the one before stays; so it does when the file goes away. An empty list lets nobody in.
 * @throws InvalidConfig where the first version is wrong, or the named file is not there
 */
export async function openTokens(named: string | undefined, byItself: string, log: Log): Promise<OpenedTokens> {
  const path = named ?? byItself
  const first = await readTokens(path)
  if (first === undefined && named !== undefined) {
    throw storageError('InvalidConfig', `there is no token file ${path}: \`kit token add\` makes one`)
  }
  let current = first === undefined ? undefined : loaded(first)
  const reload = async (): Promise<void> => {
    try {
      const next = await readTokens(path)
      if (next !== undefined) current = loaded(next)
      else if (current !== undefined) log('error', 'the token file is gone; its tokens go on', { path })
    } catch (error) {
      const err = error instanceof Error ? error.message : String(error)
      log('error', 'the token file is wrong; the tokens before the change go on', { path, err })
    }
  }
  const watching = watchFiles([path], reload)
  return { current: () => current, reload: () => watching.now(), close: () => watching.close() }
}

function loaded(tokens: readonly StoredToken[]): ReadonlyMap<string, LoadedToken> {
  return new Map(
    tokens.map((token) => {
      const { id, sha256, scopes, expires } = token
      const access = accessOf({ id, scopes, paths: pathsOf(token) })
      const ends = expires === undefined ? undefined : Date.parse(expires)
      return [id, { id, hash: Buffer.from(sha256, 'hex'), expires: ends, access }]
    }),
  )
}
