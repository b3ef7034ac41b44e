/** The file of tokens, see docs/formats/token-file.md. */
import { readFile } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { fs } from '@kit/backend-fs'
import { errorCode, openStore, storageError, type Store } from '@kit/core'
import { makeFolders } from '@kit/core/node'
import { requirePrivate } from '../service/state-folder.ts'
import { scopes, type Scope } from './access.ts'
import { parsePath, type PathGrant } from './paths.ts'
import { hashOf, makeToken } from './token.ts'

/** A token as the file keeps it: everything but the secret. */
export interface StoredToken {
  readonly id: string
  readonly name: string
  /** SHA-256 of the secret, in lower-case hexadecimal. */
  readonly sha256: string
  readonly scopes: readonly Scope[]
  /** `*`, `STORE:` or `STORE:DIRECTORY/`. */
  readonly paths: readonly string[]
  /** ISO 8601. */
  readonly created: string
  /** ISO 8601; from then on it is refused. */
  readonly expires?: string | undefined
}

/** What a new token may do. */
export interface TokenRequest {
  /** For people: what it is for. 1 to 100 characters. */
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly paths: readonly string[]
  readonly expires?: Date | undefined
}

/** What is told of a token. */
export type TokenDescription = Omit<StoredToken, 'sha256'>

const version = 1
const hexSha256 = /^[0-9a-f]{64}$/
const idForm = /^[0-9A-Za-z]{8,32}$/

/**
 * Adds a token to a file, which is made where there is none, and gives its text: the only time that the secret is seen.
 * @throws InvalidConfig where the request or the file is wrong
 */
export async function addToken(
  path: string,
  request: TokenRequest,
): Promise<{ readonly token: string; readonly description: TokenDescription }> {
  const { id, secret, text } = makeToken()
  const stored: StoredToken = {
    id,
    name: request.name,
    sha256: hashOf(secret).toString('hex'),
    scopes: [...new Set(request.scopes)],
    paths: [...new Set(request.paths)],
    created: new Date().toISOString(),
    ...(request.expires === undefined ? {} : { expires: isoOf(request.expires) }),
  }
  // What is written can be read again: asked once more of the form it will have.
  checkToken(stored, 'the token')
  await edit(path, (tokens) => [...tokens, stored])
  return { token: text, description: described(stored) }
}

/** @throws InvalidConfig where the file is wrong; one that is not there holds none */
export async function listTokens(path: string): Promise<readonly TokenDescription[]> {
  return (await readTokens(path))?.map(described) ?? []
}

/** Takes the token out, by its id or its name; a running server refuses it from then on. @throws NotFound; InvalidConfig for a name that several have */
export async function removeToken(path: string, idOrName: string): Promise<TokenDescription> {
  let removed: StoredToken | undefined
  await edit(path, (tokens) => {
    const byId = tokens.filter(({ id }) => id === idOrName)
    const found = byId.length > 0 ? byId : tokens.filter(({ name }) => name === idOrName)
    if (found.length > 1) {
      throw storageError('InvalidConfig', `several tokens are called ${idOrName}: name one by its id`)
    }
    removed = found[0]
    if (removed === undefined) throw storageError('NotFound', `${path} has no token ${idOrName}`)
    return tokens.filter((token) => token !== removed)
  })
  if (removed === undefined) throw storageError('NotFound', `${path} has no token ${idOrName}`)
  return described(removed)
}

/** The tokens of a file; undefined where there is no file. @throws InvalidConfig where it is wrong, or others may read it */
export async function readTokens(path: string): Promise<readonly StoredToken[] | undefined> {
  let text: string
  try {
    await requirePrivate(path)
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    if (error instanceof Error && errorCode(error) !== undefined) throw error
    throw storageError('InvalidConfig', `the token file ${path} cannot be read`, { cause: error })
  }
  return parseTokens(text, path)
}

function parseTokens(text: string, path: string): readonly StoredToken[] {
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch {
    // The reason that JSON.parse tells quotes the text.
    throw wrong(path, 'it is no JSON')
  }
  if (!isRecord(data)) throw wrong(path, 'it is no JSON object')
  if (data['version'] !== version) {
    const newer = typeof data['version'] === 'number' && data['version'] > version
    throw wrong(path, newer ? `its version ${String(data['version'])} is newer than this Kit` : 'it has no version 1')
  }
  if (!Array.isArray(data['tokens'])) throw wrong(path, 'it has no list `tokens`')
  const tokens = data['tokens'].map((token: unknown, at) => checkToken(token, `${path}: token ${at + 1}`))
  const ids = new Set(tokens.map(({ id }) => id))
  if (ids.size < tokens.length) throw wrong(path, 'two of its tokens have one id')
  return tokens
}

/** @throws InvalidConfig, never with what stands in the file: it may be a secret in the wrong place */
function checkToken(given: unknown, what: string): StoredToken {
  if (!isRecord(given)) throw wrong(what, 'it is no object')
  const { id, name, sha256, scopes: granted, paths, created, expires } = given
  if (typeof id !== 'string' || !idForm.test(id)) throw wrong(what, '`id` is 8 to 32 letters and digits')
  if (typeof name !== 'string' || !/^\P{Cc}{1,100}$/u.test(name)) throw wrong(what, '`name` is 1 to 100 characters')
  if (typeof sha256 !== 'string' || !hexSha256.test(sha256)) throw wrong(what, '`sha256` is 64 hexadecimal digits')
  if (!isList(granted) || !granted.every(isScope)) throw wrong(what, `\`scopes\` are some of ${scopes.join(', ')}`)
  if (!isList(paths)) throw wrong(what, '`paths` are *, STORE: or STORE:DIRECTORY/')
  for (const path of paths) parsePath(path)
  if (!isTime(created)) throw wrong(what, '`created` is a time in ISO 8601')
  if (expires !== undefined && !isTime(expires)) throw wrong(what, '`expires` is a time in ISO 8601')
  const unknown = Object.keys(given).filter((field) => !fields.includes(field))
  // A field that narrows a token and is not understood would be passed over.
  if (unknown.length > 0) throw wrong(what, 'it has a field that this Kit does not know')
  return { id, name, sha256, scopes: granted, paths, created, ...(expires === undefined ? {} : { expires }) }
}

const fields: readonly string[] = ['id', 'name', 'sha256', 'scopes', 'paths', 'created', 'expires']

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string')
}

function isScope(text: string): text is Scope {
  return (scopes as readonly string[]).includes(text)
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) && !Number.isNaN(Date.parse(value))
}

function isoOf(date: Date): string {
  if (Number.isNaN(date.getTime())) throw wrong('the token', '`expires` is no time')
  return date.toISOString()
}

function wrong(what: string, why: string): Error {
  return storageError('InvalidConfig', `${what}: ${why}`)
}

function described({ id, name, scopes: granted, paths, created, expires }: StoredToken): TokenDescription {
  return { id, name, scopes: granted, paths, created, ...(expires === undefined ? {} : { expires }) }
}

/** What a token grants, in the form that requests are checked by. */
export function pathsOf({ paths }: StoredToken): readonly PathGrant[] {
  return paths.map(parsePath)
}

/** How often a change is made anew where another program has changed the file meanwhile. */
const tries = 20

/** All or nothing, over the very state that was read, and for nobody else's eyes: Kit's own files do that. */
async function edit(path: string, change: (tokens: readonly StoredToken[]) => readonly StoredToken[]): Promise<void> {
  const folder = dirname(resolve(path))
  const name = basename(path)
  await makeFolders(folder, 0o700)
  await using store = await openStore(fs({ path: folder, fsync: true }), { name: 'tokens' })
  for (let attempt = 1; ; attempt++) {
    const etag = await etagOf(store, name)
    const tokens = change((await readTokens(path)) ?? [])
    const text = `${JSON.stringify({ version, tokens }, undefined, 2)}\n`
    try {
      await store.write(name, text, { mode: 0o600, ...(etag === undefined ? { ifAbsent: true } : { ifMatch: etag }) })
      return
    } catch (error) {
      const code = errorCode(error)
      const changed = code === 'AlreadyExists' || code === 'ConditionFailed' || code === 'Conflict'
      if (!changed || attempt === tries) throw error
    }
  }
}

async function etagOf(store: Store, name: string): Promise<string | undefined> {
  try {
    return (await store.stat(name)).etag
  } catch (error) {
    if (errorCode(error) === 'NotFound') return undefined
    throw error
  }
}
