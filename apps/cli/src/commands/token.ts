import { resolve } from 'node:path'
import { parseDuration, storageError } from '@kit/core'
import type { Scope, TokenDescription } from '@kit/server'
import type { CommandResult } from '../outcome.ts'
import type { Globals, Session } from '../session.ts'
import { columns } from '../setup/columns.ts'
import { openConfigured } from '../configured-kit.ts'

export interface TokenFileOptions {
  readonly file?: string
}

export interface TokenAddOptions extends TokenFileOptions {
  readonly scope: readonly string[]
  readonly path: readonly string[]
  readonly expires?: string
}

/** The file that is named, else the one that `kit serve` finds by itself. */
async function tokenFile(globals: Globals, { file }: TokenFileOptions): Promise<string> {
  if (file !== undefined) return resolve(file)
  const { stateFolderBeside, tokenFileIn } = await import('@kit/server')
  await using kit = await openConfigured(globals)
  return tokenFileIn(stateFolderBeside(kit.stores.length > 0 ? kit.path : undefined))
}

/** Makes a token and prints it: its secret is seen this once. */
export async function tokenAdd(
  { output }: Session,
  globals: Globals,
  name: string,
  options: TokenAddOptions,
): Promise<CommandResult> {
  const { addToken, scopes } = await import('@kit/server')
  const isScope = (word: string): word is Scope => (scopes as readonly string[]).includes(word)
  const asked = options.scope.flatMap((words) => words.split(','))
  const granted = asked.filter(isScope)
  const unknown = asked.filter((word) => !isScope(word))
  if (unknown.length > 0)
    throw storageError('InvalidConfig', `there is no scope ${unknown.join(', ')}; there are ${scopes.join(', ')}`)
  const expires = options.expires === undefined ? undefined : new Date(Date.now() + parseDuration(options.expires))
  const file = await tokenFile(globals, options)
  const { token, description } = await addToken(file, { name, scopes: granted, paths: options.path, expires })
  if (!output.json) {
    await output.write(`${token}\n`)
    output.note(`kept in ${file} without its secret: this is the only time that it is shown\n`)
  }
  return { fields: { file, token, ...description } }
}

/** Lists the tokens of a file; their secrets are not in it. */
export async function tokenLs(
  { output }: Session,
  globals: Globals,
  options: TokenFileOptions,
): Promise<CommandResult> {
  const { listTokens } = await import('@kit/server')
  const file = await tokenFile(globals, options)
  const tokens = await listTokens(file)
  if (!output.json) await output.write(columns(tokens.map(rowOf)))
  return { fields: { file, tokens } }
}

function rowOf({ id, name, scopes, paths, expires }: TokenDescription): string[] {
  return [id, name, scopes.join(','), paths.join(' '), expires === undefined ? '' : `until ${expires}`]
}

/** Takes tokens out of a file, by id or name; a running server refuses them from then on. */
export async function tokenRm(
  { output }: Session,
  globals: Globals,
  names: readonly string[],
  options: TokenFileOptions,
): Promise<CommandResult> {
  const { removeToken } = await import('@kit/server')
  const file = await tokenFile(globals, options)
  const removed: TokenDescription[] = []
  const failures: unknown[] = []
  for (const name of names) {
    try {
      const token = await removeToken(file, name)
      removed.push(token)
      if (!output.json) await output.write(`removed ${token.name} (${token.id})\n`)
    } catch (error) {
      failures.push(error)
    }
  }
  return { fields: { file, removed }, failures, partly: removed.length > 0 }
}
