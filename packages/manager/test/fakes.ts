import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { definePlugin, type ByteSize, type Backend, type Plugin, type Secret, type StoreSpec } from '@kit/core'
import { plugin as memory } from '@kit/backend-memory'
import { onTestFinished } from 'vitest'

const open = (): Backend => {
  throw new Error('these plugins are never opened')
}
const base = { contract: 0, capabilities: memory.capabilities, open }

interface Cache {
  readonly memory?: ByteSize
  readonly disk?: { readonly path: string; readonly maxBytes: ByteSize }
  readonly over: StoreSpec
}
export const cache: Plugin<Cache> = definePlugin<Cache>({
  ...base,
  type: 'cache',
  options: {
    memory: { type: 'bytes', description: 'Bytes in memory.' },
    disk: { type: 'map', description: 'A folder and its limit.' },
    over: { type: 'store', description: 'What is cached.', required: true },
  },
})

interface Replicas {
  readonly writeQuorum?: number
  readonly over: readonly StoreSpec[]
}
export const replicas: Plugin<Replicas> = definePlugin<Replicas>({
  ...base,
  type: 'replicas',
  options: {
    writeQuorum: { type: 'number', description: 'Copies that must be written.', minimum: 1 },
    over: { type: 'stores', description: 'The copies.', required: true },
  },
})

interface Encrypt {
  readonly key: Secret
  readonly over: StoreSpec
}
export const encrypt: Plugin<Encrypt> = definePlugin<Encrypt>({
  ...base,
  type: 'encrypt',
  options: {
    key: { type: 'string', secret: true, description: 'The key.', required: true },
    over: { type: 'store', description: 'What is encrypted.', required: true },
  },
})

interface S3 {
  readonly bucket: string
  readonly region?: string
  readonly port?: number
}
export const s3: Plugin<S3> = definePlugin<S3>({
  ...base,
  type: 's3',
  aliases: ['aws'],
  schemes: ['s3'],
  options: {
    bucket: { type: 'string', description: 'The bucket.', required: true },
    region: { type: 'string', description: 'The region.' },
    port: { type: 'number', description: 'The port.' },
  },
})

interface WebDav {
  readonly url: string
  readonly user?: string
  readonly password?: Secret
}
export const webdav: Plugin<WebDav> = definePlugin<WebDav>({
  ...base,
  type: 'webdav',
  options: {
    url: { type: 'string', description: 'The address.', required: true },
    user: { type: 'string', description: 'The account.' },
    password: { type: 'string', secret: true, description: 'Its password.' },
  },
})

interface Folder {
  readonly path: string
}
/** A plugin whose option is a path of this host. */
export const folder: Plugin<Folder> = definePlugin<Folder>({
  ...base,
  type: 'folder',
  options: { path: { type: 'string', description: 'The folder.', required: true, localPath: true } },
})

/** A folder that goes when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'kit-manager-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

/** A folder with this configuration file; gives the file's path. */
export async function configFile(text: string): Promise<string> {
  const path = join(await temporaryFolder(), 'kit.yaml')
  await writeFile(path, text)
  return path
}

/**
 * Installs packages that provide a store type each. Their code notes in `globalThis.kitTestLoaded` that it ran; opening notes nothing
 * and the store knows no object.
 */
export async function installPackages(into: string, packages: Readonly<Record<string, string>>): Promise<void> {
  const dependencies = Object.fromEntries(Object.keys(packages).map((name) => [name, '1.0.0']))
  await writeFile(join(into, 'package.json'), JSON.stringify({ name: 'program', dependencies }))
  for (const [name, type] of Object.entries(packages)) {
    const place = join(into, 'node_modules', name)
    const capabilities = {
      ops: {},
      read: {},
      keys: { maxBytes: 100, caseSensitive: true, unicode: 'exact' },
      directories: 'implied',
      consistent: { read: true, list: true },
    }
    const secret = { type: 'string', writeOnly: true }
    const login = { type: 'object', properties: { user: { type: 'string' }, password: secret } }
    const options = { type: 'object', properties: { token: secret, login } }
    const manifest = { contract: 0, type, aliases: [], schemes: [type], wraps: 'nothing', options, capabilities }
    const own = {
      name,
      version: '1.2.3',
      type: 'module',
      exports: './index.js',
      keywords: ['kit-backend'],
      kit: './kit.json',
    }
    const code = `
      globalThis.kitTestLoaded = [...(globalThis.kitTestLoaded ?? []), ${JSON.stringify(name)}]
      const capabilities = ${JSON.stringify(capabilities)}
      const missing = async () => { throw new Error('nothing here') }
      export const plugin = Object.assign((options) => ({ plugin, options }), {
        ...${JSON.stringify({ contract: 0, type, aliases: [], schemes: [type] })},
        capabilities, options: { token: { type: 'string', secret: true, description: 'A token.' } },
        address: () => ({}),
        open: () => ({ capabilities, stat: missing, read: missing }),
      })`
    await mkdir(place, { recursive: true })
    await writeFile(join(place, 'package.json'), JSON.stringify(own))
    await writeFile(join(place, 'kit.json'), JSON.stringify(manifest))
    await writeFile(join(place, 'index.js'), code)
  }
}

/** What the code of installed packages has noted, since the last call. */
export function loadedPackages(): unknown {
  const loaded: unknown = Reflect.get(globalThis, 'kitTestLoaded') ?? []
  Reflect.deleteProperty(globalThis, 'kitTestLoaded')
  return loaded
}
