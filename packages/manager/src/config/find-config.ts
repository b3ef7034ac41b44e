import { stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { storageError } from '@kit/core'
import { configFolder } from '@kit/core/node'
import type { Variables } from './substitute.ts'

const configName = 'kit.yaml'

/**
 * The configuration file: the one named, else `kit.yaml` in `cwd` or a folder above it, else in the user's configuration folder, where
 * it need not exist. @throws InvalidConfig where the one named does not exist
 */
export async function findConfig(
  named: string | undefined,
  cwd: string,
  variables: Variables,
  create: boolean,
): Promise<string> {
  if (named !== undefined) {
    const path = resolve(cwd, named)
    if (create || (await isFile(path))) return path
    throw storageError('InvalidConfig', `there is no configuration file ${path}`)
  }
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    if (await isFile(join(folder, configName))) return join(folder, configName)
    if (dirname(folder) === folder) return join(configFolder(variables), configName)
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}
