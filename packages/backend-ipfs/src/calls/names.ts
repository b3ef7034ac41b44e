import { bytesSource, type Bytes } from '@kit/core'
import { fieldsOf, type Fields, type Rpc } from '../rpc/index.ts'
import type { KuboCall } from './call.ts'

/** A key of the daemon: `id` is the IPNS name that it signs. */
export interface Key {
  readonly name: string
  readonly id: string
}

export interface KeyCalls {
  /** Makes a key. A name that is taken is AlreadyExists. */
  gen(name: string, options?: KuboCall & { readonly type?: 'ed25519' | 'rsa' | undefined }): Promise<Key>
  list(options?: KuboCall): Promise<readonly Key[]>
  rename(from: string, to: string, options?: KuboCall): Promise<void>
  /** What it has signed can never be changed again. */
  rm(name: string, options?: KuboCall): Promise<void>
}

export interface NameCalls {
  /**
   * Points the name of a key at a path, and tells the name. Without a network only the daemon itself knows of it. A record can take a minute to
   * spread: give it time.
   */
  publish(
    path: string,
    options?: KuboCall & {
      /** Name of a key, or its id. Default `self`. */
      readonly key?: string | undefined
      readonly lifetimeSeconds?: number | undefined
      readonly ttlSeconds?: number | undefined
    },
  ): Promise<{ readonly name: string; readonly path: string }>
  /** Where a name leads, followed to its end. */
  resolve(name: string, options?: KuboCall & { readonly nocache?: boolean | undefined }): Promise<string>
  /** The sequence number of a record. */
  sequence(record: Bytes, options?: KuboCall): Promise<number>
}

export function keyCalls(rpc: Rpc): KeyCalls {
  const keyOf = (fields: Fields): Key => ({ name: fields.text('Name'), id: fields.text('Id') })
  return {
    async gen(name, { signal, type = 'ed25519' } = {}) {
      const asked = { args: [name], options: { type }, signal, changes: true }
      return keyOf(fieldsOf(await rpc.json('key/gen', asked), 'key/gen'))
    },
    async list({ signal } = {}) {
      const fields = fieldsOf(await rpc.json('key/list', { signal }), 'key/list')
      return fields.list('Keys').map((key) => keyOf(fieldsOf(key, 'key/list')))
    },
    rename: (from, to, { signal } = {}) => rpc.tell('key/rename', { args: [from, to], signal, changes: true }),
    rm: (name, { signal } = {}) => rpc.tell('key/rm', { args: [name], signal, changes: true }),
  }
}

export function nameCalls(rpc: Rpc): NameCalls {
  return {
    async publish(path, { signal, key = 'self', lifetimeSeconds, ttlSeconds } = {}) {
      const options = {
        key,
        lifetime: lifetimeSeconds === undefined ? undefined : `${lifetimeSeconds}s`,
        ttl: ttlSeconds === undefined ? undefined : `${ttlSeconds}s`,
        'allow-offline': true,
        // Whether the path leads anywhere is the caller's affair, and may need the network.
        resolve: false,
      }
      const fields = fieldsOf(
        await rpc.json('name/publish', { args: [path], options, signal, changes: true }),
        'name/publish',
      )
      return { name: fields.text('Name'), path: fields.text('Value') }
    },
    async resolve(name, { signal, nocache } = {}) {
      const fields = fieldsOf(
        await rpc.json('name/resolve', { args: [name], options: { nocache }, signal }),
        'name/resolve',
      )
      return fields.text('Path')
    },
    async sequence(record, { signal } = {}) {
      const parts = [{ field: 'record', body: bytesSource(record) }]
      const fields = fieldsOf(
        await rpc.json('name/inspect', { parts, options: { dump: false }, signal }),
        'name/inspect',
      )
      return fields.fields('Entry').number('Sequence')
    },
  }
}
