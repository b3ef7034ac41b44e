import { bytesSource, errorCode, storageError, type Bytes, type ByteStream, type Source } from '@kit/core'
import { maxBlockBytes, parseCid } from '@kit/content'
import { fieldsOf, type Rpc } from '../rpc/index.ts'
import type { KuboCall } from './call.ts'

export interface BlockCalls {
  /** As the daemon gives it, unverified. Where it is online it asks the network for what it lacks. */
  get(cid: string, options?: KuboCall): Promise<Bytes>
  /** Whether the daemon itself has it: the network is not asked. */
  has(cid: string, options?: KuboCall): Promise<boolean>
  /** Keeps a block under the codec and hash of `cid`. @throws Corrupt where its bytes have another CID */
  put(cid: string, bytes: Bytes, options?: KuboCall & { readonly pin?: boolean | undefined }): Promise<void>
  /** Bytes of a block, found like `get`. */
  size(cid: string, options?: KuboCall): Promise<number>
  /** Pinned blocks are refused; a missing one is NotFound. */
  rm(cid: string, options?: KuboCall): Promise<void>
}

export interface CarImport {
  readonly blocks: number
  readonly pinned: readonly string[]
}

export interface DagCalls {
  /** A node as dag-json. */
  get(path: string, options?: KuboCall): Promise<unknown>
  /** Keeps a node given as dag-json and tells its CID. */
  put(
    value: unknown,
    options?: KuboCall & {
      readonly codec?: 'dag-cbor' | 'dag-json' | 'dag-pb' | 'raw' | undefined
      readonly pin?: boolean | undefined
    },
  ): Promise<string>
  /** The CID that a path leads to, and what of the path lies inside that block. */
  resolve(path: string, options?: KuboCall): Promise<{ readonly cid: string; readonly rest: string }>
  /** Everything below a CID as a CARv1, in depth-first order; each block once. */
  export(cid: string, options?: KuboCall): Promise<ByteStream>
  /** Takes in a CAR (v1 or v2), each block checked by Kubo. `pin`: its roots, recursively; only then Kubo tells them. */
  import(source: Source, options?: KuboCall & { readonly pin?: boolean | undefined }): Promise<CarImport>
  stat(cid: string, options?: KuboCall): Promise<{ readonly blocks: number; readonly bytes: number }>
}

const codecs: { readonly [code: number]: string } = {
  0x55: 'raw',
  0x70: 'dag-pb',
  0x71: 'dag-cbor',
  0x0129: 'dag-json',
}
const hashes: { readonly [code: number]: string } = {
  0x12: 'sha2-256',
  0x13: 'sha2-512',
  0x1e: 'blake3',
  0xb220: 'blake2b-256',
}

export function blockCalls(rpc: Rpc): BlockCalls {
  return {
    get: (cid, { signal } = {}) => rpc.whole('block/get', { args: [cid], signal }, maxBlockBytes),
    async has(cid, { signal } = {}) {
      try {
        await rpc.json('block/stat', { args: [cid], options: { offline: true }, signal })
        return true
      } catch (error) {
        if (errorCode(error) === 'NotFound') return false
        throw error
      }
    },
    async put(cid, bytes, { signal, pin } = {}) {
      const parsed = parseCid(cid)
      const mhtype = hashes[parsed.hash]
      const codec = codecs[parsed.codec]
      if (mhtype === undefined || codec === undefined) {
        throw storageError(
          'Unsupported',
          `Kubo is not asked to keep blocks like ${cid}: its codec or hash is none that it makes`,
        )
      }
      // A format and not a codec makes version 0.
      const form = parsed.version === 0 ? { format: 'v0' } : { 'cid-codec': codec }
      const parts = [{ field: 'data', body: bytesSource(bytes) }]
      const options = { ...form, mhtype, pin, 'allow-big-block': bytes.byteLength > 1 << 20 }
      const fields = fieldsOf(await rpc.json('block/put', { parts, options, signal, changes: true }), 'block/put')
      const kept = fields.text('Key')
      if (parseCid(kept).text !== parsed.text) {
        throw storageError('Corrupt', `the bytes given for ${cid} are those of ${kept}`)
      }
    },
    async size(cid, { signal } = {}) {
      return fieldsOf(await rpc.json('block/stat', { args: [cid], signal }), 'block/stat').number('Size')
    },
    async rm(cid, { signal } = {}) {
      const answer = fieldsOf(await rpc.json('block/rm', { args: [cid], signal, changes: true }), 'block/rm')
      const failed = answer.maybeText('Error')
      if (failed === undefined) return
      const missing = /not found|could not find/.test(failed)
      throw storageError(missing ? 'NotFound' : 'Conflict', `Kubo says: ${failed}`)
    },
  }
}

export function dagCalls(rpc: Rpc): DagCalls {
  return {
    get: (path, { signal } = {}) =>
      rpc.json('dag/get', { args: [path], options: { 'output-codec': 'dag-json' }, signal }),
    async put(value, { signal, codec = 'dag-cbor', pin = false } = {}) {
      const parts = [{ field: 'object data', body: bytesSource(new TextEncoder().encode(JSON.stringify(value))) }]
      const options = { 'store-codec': codec, 'input-codec': 'dag-json', pin, hash: 'sha2-256' }
      const answer = await rpc.json('dag/put', { parts, options, signal, changes: true })
      // Kubo answers what it cannot encode with an empty success.
      if (answer === undefined)
        throw storageError('InvalidConfig', `the value cannot be kept as ${codec}: Kubo told no CID`)
      return fieldsOf(answer, 'dag/put').cid('Cid')
    },
    async resolve(path, { signal } = {}) {
      const fields = fieldsOf(await rpc.json('dag/resolve', { args: [path], signal }), 'dag/resolve')
      return { cid: fields.cid('Cid'), rest: (fields.maybeText('RemPath') ?? '').replace(/^\//, '') }
    },
    export: (cid, { signal } = {}) => rpc.bytes('dag/export', { args: [cid], options: { progress: false }, signal }),
    async import(source, { signal, pin = false } = {}) {
      const pinned: string[] = []
      let blocks = 0
      const options = { 'pin-roots': pin, stats: true }
      for await (const value of rpc.lines('dag/import', {
        parts: [{ body: source }],
        options,
        signal,
        changes: true,
      })) {
        const line = fieldsOf(value, 'dag/import')
        const stats = line.raw('Stats')
        if (typeof stats === 'object' && stats !== null) blocks = fieldsOf(stats, 'dag/import').number('BlockCount')
        const root = line.raw('Root')
        if (root === undefined || root === null) continue
        const fields = fieldsOf(root, 'dag/import')
        const failed = fields.maybeText('PinErrorMsg')
        if (failed !== undefined) {
          throw storageError(
            'Unavailable',
            `the blocks are in, and the root ${fields.cid('Cid')} could not be pinned: ${failed}`,
            { applied: 'maybe' },
          )
        }
        pinned.push(fields.cid('Cid'))
      }
      return { blocks, pinned }
    },
    async stat(cid, { signal } = {}) {
      const fields = fieldsOf(
        await rpc.json('dag/stat', { args: [cid], options: { progress: false }, signal }),
        'dag/stat',
      )
      const stats = fields.list('DagStats').map((each) => fieldsOf(each, 'dag/stat'))
      const [first] = stats
      if (first === undefined) throw storageError('Corrupt', 'the answer to dag/stat is empty')
      return { blocks: first.number('NumBlocks'), bytes: first.number('Size') }
    },
  }
}
