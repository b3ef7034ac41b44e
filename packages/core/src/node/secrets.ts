import { readFile } from 'node:fs/promises'
import type { Secret } from '../backend/index.ts'
import { storageError } from '../errors/index.ts'

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a symbol of the registry cannot be declared unique
const reference: unique symbol = Symbol.for('kit.secret-reference') as never

type Variables = Readonly<Record<string, string | undefined>>

function late(text: string, fetchValue: () => Promise<string>): Secret {
  return Object.assign(fetchValue, { [reference]: text })
}

/** A secret in an environment variable, read each time it is needed. @throws InvalidConfig, then, where it is not set */
export function env(name: string, variables: Variables = process.env): Secret {
  return late(`env:${name}`, async () => {
    const value = variables[name]
    if (value === undefined || value === '') {
      throw storageError('InvalidConfig', `the environment variable ${name} is not set`)
    }
    return value
  })
}

/** A secret in a file, read each time it is needed, without the final line break. @throws InvalidConfig, then, where it cannot be read */
export function file(path: string): Secret {
  return late(`file:${path}`, async () => {
    try {
      return (await readFile(path, 'utf8')).replace(/\r?\n$/, '')
    } catch (error) {
      throw storageError('InvalidConfig', `the secret file ${path} cannot be read`, { cause: error })
    }
  })
}

/** A secret of a config file: `env:NAME` or `file:PATH`. @throws InvalidConfig for a literal: secrets do not stand in files */
export function secretFrom(text: string, variables: Variables = process.env): Secret {
  if (text.startsWith('env:')) return env(text.slice(4), variables)
  if (text.startsWith('file:')) return file(text.slice(5))
  throw storageError('InvalidConfig', 'a secret is a reference, `env:NAME` or `file:PATH`, not the value itself')
}

/** How a secret is written in a config file; undefined for a literal. */
export function secretReference(secret: unknown): string | undefined {
  if (typeof secret !== 'function' || !(reference in secret)) return undefined
  return String(secret[reference])
}
