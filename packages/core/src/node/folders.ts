import { homedir } from 'node:os'
import { join } from 'node:path'
import { names } from '../names.ts'

type Variables = Readonly<Record<string, string | undefined>>

/** The user's folder for Kit's configuration: `KIT_HOME`, else `$XDG_CONFIG_HOME/kit`, else `~/.config/kit`. */
export function configFolder(variables: Variables = process.env): string {
  if (variables['KIT_HOME'] !== undefined && variables['KIT_HOME'] !== '') return variables['KIT_HOME']
  const base = variables['XDG_CONFIG_HOME']
  return join(base === undefined || base === '' ? join(homedir(), '.config') : base, names.bin)
}

/** Where `kit plugin add` installs. */
export function pluginFolder(variables: Variables = process.env): string {
  return join(configFolder(variables), 'plugins')
}
