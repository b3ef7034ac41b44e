import { createRegistry, errorCode, storageError, type AnyPlugin, type StoreSpec } from '@kit/core'
import { buildSpec, messageOf } from './build-spec.ts'
import { readConfig } from './config.ts'
import { configError } from './problems.ts'
import type { Variables } from './substitute.ts'

export interface SpecOptions {
  readonly plugins: readonly AnyPlugin[]
  /** What `${NAME}` stands for. Default: nothing is set. */
  readonly environment?: Variables | undefined
  /** For messages; relative paths start at its folder. Default: `kit.yaml`. */
  readonly file?: string | undefined
}

/**
 * The spec of one store in the text of a configuration file, the same as its code form builds. No I/O.
 * @throws InvalidConfig naming everything that is wrong, with lines; NotFound for a store that the text has not
 */
export function specOf(text: string, name: string, options: SpecOptions): StoreSpec {
  const config = readConfig(text, options.file ?? 'kit.yaml')
  if (config.problems.length > 0) throw configError(config.problems)
  const node = config.stores.get(name)
  if (node === undefined) throw storageError('NotFound', `the configuration has no store ${name}`)
  const registry = createRegistry(options.plugins)
  const { spec, problems } = buildSpec(config, node, {
    variables: options.environment ?? {},
    plugin(type) {
      try {
        return registry.get(type)
      } catch (error) {
        if (errorCode(error) === 'InvalidConfig') return messageOf(error)
        throw error
      }
    },
  })
  if (problems !== undefined) throw configError(problems)
  return spec
}
