import { storageError, type Pin, type PinMode } from '@kit/core'
import { fieldsOf, type Fields, type Options, type Rpc } from '../rpc/index.ts'
import type { KuboCall } from './call.ts'

export interface PinCalls {
  /** Fetches what is missing, and keeps it. `blocks`: told from time to time, how many are there. Pinning twice is success, with the new name. */
  add(
    cid: string,
    options?: KuboCall & {
      /** Default `recursive`. One that is pinned recursively cannot be pinned directly: AlreadyExists. */
      readonly mode?: 'recursive' | 'direct' | undefined
      readonly name?: string | undefined
      readonly onBlocks?: ((blocks: number) => void) | undefined
    },
  ): Promise<void>
  /** Pins one after the other and tells of each, also of those that failed. */
  addMany(
    cids: Iterable<string> | AsyncIterable<string>,
    options?: Parameters<PinCalls['add']>[1],
  ): AsyncIterable<{ readonly cid: string; readonly error?: unknown }>
  /** One that is not pinned itself is NotFound. */
  rm(cid: string, options?: KuboCall): Promise<void>
  /** @throws NotFound */
  get(cid: string, options?: KuboCall): Promise<Pin>
  /** As they are found. `mode` undefined: recursive and direct ones. `name`: those with this in their name. Indirect ones have no names. */
  ls(
    options?: KuboCall & { readonly mode?: PinMode | undefined; readonly name?: string | undefined },
  ): AsyncIterable<Pin>
  /** Moves a recursive pin to another version, of which only the difference is fetched. */
  update(from: string, to: string, options?: KuboCall & { readonly unpin?: boolean | undefined }): Promise<void>
  /** Recursive pins that are not whole here, with what each lacks. */
  verify(options?: KuboCall): AsyncIterable<{ readonly cid: string; readonly bad: readonly string[] }>
  readonly remote: RemotePinCalls
}

export interface RemotePin {
  readonly cid: string
  readonly name?: string | undefined
  readonly status: 'queued' | 'pinning' | 'pinned' | 'failed'
}

/** Which pins of a service. */
export interface RemoteFilter {
  /** The exact name. */
  readonly name?: string | undefined
  readonly cids?: readonly string[] | undefined
  readonly status?: readonly RemotePin['status'][] | undefined
}

/** Pinning services that the daemon is configured with. */
export interface RemotePinCalls {
  /** `key` is the service's token; the daemon keeps it. */
  addService(name: string, endpoint: string, key: string, options?: KuboCall): Promise<void>
  rmService(name: string, options?: KuboCall): Promise<void>
  services(options?: KuboCall): Promise<readonly { readonly name: string; readonly endpoint: string }[]>
  /** `background`: returns when the service has queued it. */
  add(
    service: string,
    cid: string,
    options?: KuboCall & { readonly name?: string | undefined; readonly background?: boolean | undefined },
  ): Promise<RemotePin>
  /** `status` default: every one. */
  ls(service: string, options?: KuboCall & RemoteFilter): AsyncIterable<RemotePin>
  /** Removes all that fit; at least one filter is needed. */
  rm(service: string, options: KuboCall & RemoteFilter): Promise<void>
}

const statuses = ['queued', 'pinning', 'pinned', 'failed'] as const

export function pinCalls(rpc: Rpc): PinCalls {
  const add: PinCalls['add'] = async (cid, { signal, mode = 'recursive', name, onBlocks } = {}) => {
    // With progress the answer is never silent, however long it takes.
    const options = { recursive: mode === 'recursive', name, progress: true }
    for await (const value of rpc.lines('pin/add', { args: [cid], options, signal, changes: true })) {
      const blocks = fieldsOf(value, 'pin/add').maybeNumber('Progress')
      if (blocks !== undefined) onBlocks?.(blocks)
    }
  }

  async function* ls(type: PinMode, name: string | undefined, signal: AbortSignal | undefined): AsyncGenerator<Pin> {
    const options = { type, names: type !== 'indirect', name, stream: true }
    for await (const value of rpc.lines('pin/ls', { options, signal })) {
      const fields = fieldsOf(value, 'pin/ls')
      yield pinOf(fields.text('Cid'), fields)
    }
  }

  return {
    add,
    async *addMany(cids, options) {
      for await (const cid of cids) {
        try {
          await add(cid, options)
          yield { cid }
        } catch (error) {
          options?.signal?.throwIfAborted()
          yield { cid, error }
        }
      }
    },
    rm: (cid, { signal } = {}) => rpc.tell('pin/rm', { args: [cid], signal, changes: true }),
    async get(cid, { signal } = {}) {
      const options = { names: true, type: 'all' }
      const fields = fieldsOf(await rpc.json('pin/ls', { args: [cid], options, signal }), 'pin/ls')
      const [found] = fields.entries('Keys')
      if (found === undefined) throw storageError('NotFound', `${cid} is not pinned`)
      return pinOf(...found)
    },
    async *ls({ signal, mode, name } = {}) {
      if (mode === undefined || mode === 'recursive') yield* ls('recursive', name, signal)
      if (mode === undefined || mode === 'direct') yield* ls('direct', name, signal)
      if (mode === 'indirect') yield* ls('indirect', name, signal)
    },
    update: (from, to, { signal, unpin = true } = {}) =>
      rpc.tell('pin/update', { args: [from, to], options: { unpin }, signal, changes: true }),
    async *verify({ signal } = {}) {
      for await (const value of rpc.lines('pin/verify', { signal })) {
        const fields = fieldsOf(value, 'pin/verify')
        const bad = fields.list('BadNodes').map((node) => fieldsOf(node, 'pin/verify').text('Cid'))
        yield { cid: fields.text('Cid'), bad }
      }
    },
    remote: remoteCalls(rpc),
  }
}

function pinOf(cid: string, fields: Fields): Pin {
  // `indirect through CID`, where one is asked for by name.
  const [mode] = fields.text('Type').split(' ')
  if (mode !== 'recursive' && mode !== 'direct' && mode !== 'indirect') {
    throw storageError('Corrupt', `Kubo tells of a pin of type ${fields.text('Type')}`)
  }
  return { cid, mode, status: 'pinned', name: fields.maybeText('Name') }
}

function remoteCalls(rpc: Rpc): RemotePinCalls {
  const filterOf = ({ name, cids, status }: RemoteFilter): Options => ({ name, cid: cids, status: status ?? statuses })
  return {
    addService: (name, endpoint, key, { signal } = {}) =>
      rpc.tell('pin/remote/service/add', { args: [name, endpoint, key], signal, changes: true }),
    rmService: (name, { signal } = {}) => rpc.tell('pin/remote/service/rm', { args: [name], signal, changes: true }),
    async services({ signal } = {}) {
      const fields = fieldsOf(await rpc.json('pin/remote/service/ls', { signal }), 'pin/remote/service/ls')
      return fields.list('RemoteServices').map((each) => {
        const service = fieldsOf(each, 'pin/remote/service/ls')
        return { name: service.text('Service'), endpoint: service.text('ApiEndpoint') }
      })
    },
    async add(service, cid, { signal, name, background } = {}) {
      const options = { service, name, background }
      return remotePin(await rpc.json('pin/remote/add', { args: [cid], options, signal, changes: true }))
    },
    async *ls(service, { signal, ...filter } = {}) {
      const options = { service, ...filterOf(filter) }
      for await (const value of rpc.lines('pin/remote/ls', { options, signal })) yield remotePin(value)
    },
    async rm(service, { signal, ...filter }) {
      if (filter.name === undefined && filter.cids === undefined && filter.status === undefined) {
        throw storageError('InvalidConfig', 'without a filter every pin of the service would go: say which')
      }
      await rpc.tell('pin/remote/rm', { options: { service, ...filterOf(filter), force: true }, signal, changes: true })
    },
  }
}

function remotePin(value: unknown): RemotePin {
  const fields = fieldsOf(value, 'pin/remote')
  const status = statuses.find((word) => word === fields.text('Status'))
  if (status === undefined) throw storageError('Corrupt', `the service tells of a pin that is ${fields.text('Status')}`)
  return { cid: fields.text('Cid'), name: fields.maybeText('Name'), status }
}
