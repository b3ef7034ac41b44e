/** Certificate and key, read again when they change: new connections get the new ones, open ones go on. */
import { readFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import { createSecureContext } from 'node:tls'
import { storageError } from '@kit/core'
import type { Log } from './log.ts'
import { watchFiles } from './watch-files.ts'

/** PEM. */
export interface TlsMaterial {
  readonly cert: string
  readonly key: string
}

export interface OpenedTls {
  material(): TlsMaterial
  /** The server that gets new certificates. */
  serve(server: Server): void
  reload(): Promise<void>
  close(): void
}

export const minVersion = 'TLSv1.2'

/** @throws InvalidConfig where the first ones cannot be used; later ones are told to the log, and those before stay */
export async function openTls(paths: { readonly cert: string; readonly key: string }, log: Log): Promise<OpenedTls> {
  let material = await read(paths)
  let secured: { setSecureContext(options: object): void } | undefined
  const reload = async (): Promise<void> => {
    try {
      const next = await read(paths)
      if (next.cert === material.cert && next.key === material.key) return
      material = next
      secured?.setSecureContext({ ...next, minVersion })
      log('info', 'the certificate has been read again', { cert: paths.cert })
    } catch (error) {
      const err = error instanceof Error ? error.message : String(error)
      log('error', 'the certificate or its key is wrong; those before go on', { cert: paths.cert, err })
    }
  }
  const watching = watchFiles([paths.cert, paths.key], reload)
  return {
    material: () => material,
    serve(server) {
      if ('setSecureContext' in server && typeof server.setSecureContext === 'function') {
        const set = server.setSecureContext.bind(server)
        secured = { setSecureContext: (options) => void set(options) }
      }
    },
    reload: () => watching.now(),
    close: () => watching.close(),
  }
}

/** Both, matching: between the two renames of a renewal they do not, and the next change tells again. */
async function read({ cert, key }: { readonly cert: string; readonly key: string }): Promise<TlsMaterial> {
  try {
    const material = { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') }
    createSecureContext({ ...material, minVersion })
    return material
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw storageError('InvalidConfig', `certificate ${cert} and key ${key} cannot be used: ${why}`, { cause: error })
  }
}
