import { errorCode, storageError } from '@kit/core'
import { fieldsOf, type Rpc } from '../rpc/index.ts'
import type { KuboCall } from './call.ts'

export interface NodeId {
  readonly id: string
  readonly agent: string
  /** Empty while the node is offline. */
  readonly addresses: readonly string[]
}

export interface RepoStat {
  readonly usedBytes: number
  readonly maxBytes: number
  readonly objects: number
  readonly path: string
  readonly version: string
}

export interface NodeCalls {
  /** Kubo's version. Every login may ask for it, so it says nothing of what else one may call. */
  version(options?: KuboCall): Promise<string>
  /** This node, or another that the network knows. */
  id(options?: KuboCall & { readonly peer?: string | undefined }): Promise<NodeId>
  /** Resolves when the daemon works and accepts the caller: `diag/healthy`, and `id` where Kubo is older than 0.42. */
  health(options?: KuboCall): Promise<void>
  readonly repo: {
    stat(options?: KuboCall): Promise<RepoStat>
    /** Removes what is neither pinned nor in the daemon's files, and tells each CID. What could not be removed is thrown at the end. */
    gc(options?: KuboCall): AsyncIterable<string>
  }
  readonly stats: {
    /** Bytes over the network since the start, and per second. */
    bandwidth(options?: KuboCall): Promise<{
      readonly bytesIn: number
      readonly bytesOut: number
      readonly bytesInPerSecond: number
      readonly bytesOutPerSecond: number
    }>
  }
}

export function nodeCalls(rpc: Rpc): NodeCalls {
  async function id({ signal, peer }: Parameters<NodeCalls['id']>[0] = {}): Promise<NodeId> {
    const fields = fieldsOf(await rpc.json('id', { args: peer === undefined ? [] : [peer], signal }), 'id')
    return {
      id: fields.text('ID'),
      agent: fields.maybeText('AgentVersion') ?? '',
      addresses: fields.texts('Addresses'),
    }
  }
  return {
    async version({ signal } = {}) {
      return fieldsOf(await rpc.json('version', { signal }), 'version').text('Version')
    },
    id,
    async health({ signal } = {}) {
      try {
        await rpc.json('diag/healthy', { signal })
      } catch (error) {
        if (errorCode(error) !== 'Unsupported') throw error
        await id({ signal })
      }
    },
    repo: {
      async stat({ signal } = {}) {
        const fields = fieldsOf(await rpc.json('repo/stat', { signal }), 'repo/stat')
        return {
          usedBytes: fields.number('RepoSize'),
          maxBytes: fields.number('StorageMax'),
          objects: fields.number('NumObjects'),
          path: fields.text('RepoPath'),
          version: fields.text('Version'),
        }
      },
      async *gc({ signal } = {}) {
        const failures: string[] = []
        for await (const value of rpc.lines('repo/gc', { options: { 'stream-errors': true }, signal, changes: true })) {
          const fields = fieldsOf(value, 'repo/gc')
          const failed = fields.maybeText('Error')
          if (failed === undefined) yield fields.cid('Key')
          else if (failures.length < 10) failures.push(failed)
        }
        if (failures.length > 0) throw storageError('Unexpected', `Kubo could not collect all: ${failures.join('; ')}`)
      },
    },
    stats: {
      async bandwidth({ signal } = {}) {
        const fields = fieldsOf(await rpc.json('stats/bw', { signal }), 'stats/bw')
        return {
          bytesIn: fields.number('TotalIn'),
          bytesOut: fields.number('TotalOut'),
          bytesInPerSecond: fields.number('RateIn'),
          bytesOutPerSecond: fields.number('RateOut'),
        }
      },
    },
  }
}
