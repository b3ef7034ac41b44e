// Uploads to a real Kubo daemon, and reads from it, against the official client of its RPC. Both sides stream the same bytes from memory.
import { fork, type ChildProcess } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { openStore, type Store } from '@kit/core'
import { ipfs } from '@kit/backend-ipfs'
import { startKubo, type Kubo } from '@kit/test-servers'
import { create, type KuboRPCClient } from 'kubo-rpc-client'
import type { Cases, ComparedCase, MeasuredCase } from '../case.ts'
import { peakMemory } from '../peak-memory.ts'
import { sinkCid } from '../programs/kubo-sink.ts'
import { chunksOf } from '../programs/upload-to-kubo.ts'

const mebibyte = 2 ** 20
const program = new URL('../programs/upload-to-kubo.ts', import.meta.url)

export const cases: Cases = ({ quick }) => {
  const bytes = (quick ? 128 : 512) * mebibyte
  return [
    uploadToSink(bytes, 'wall'),
    uploadToSink(bytes, 'processor'),
    upload(bytes),
    memory('kit', bytes, { limit: 200, aim: 150 }),
    memory('kubo-rpc-client', bytes, {}),
    small(quick ? 50 : 200),
    read(bytes / 4, 'nobody'),
    read(bytes / 4, 'daemon'),
  ]
}

/** One node with a client of each side. */
class Sides {
  #node: Kubo | undefined
  #store: Store | undefined
  #peer: KuboRPCClient | undefined

  async open(trust: 'nobody' | 'daemon' = 'nobody'): Promise<void> {
    this.#node = await startKubo()
    this.#store = await openStore(ipfs({ url: this.#node.api, trust }))
    this.#peer = create({ url: this.#node.api })
  }

  get kit(): Store {
    if (this.#store === undefined) throw new Error('the node does not run')
    return this.#store
  }

  get peer(): KuboRPCClient {
    if (this.#peer === undefined) throw new Error('the node does not run')
    return this.#peer
  }

  /** Takes away what was added, so that the next upload is stored again. */
  async forget(): Promise<void> {
    await this.#node?.ipfs(['repo', 'gc', '--quiet'])
  }

  async close(): Promise<void> {
    await this.#store?.close()
    await this.#node?.stop()
  }
}

/** The profile that both sides ask for, so that both give one CID. */
const asProfile = { cidVersion: 1, rawLeaves: true, chunker: 'size-1048576', maxFileLinks: 1024, pin: false } as const

const uploads = (sides: Sides, bytes: number): Pick<ComparedCase, 'kit' | 'peers' | 'check' | 'reset' | 'teardown'> => {
  const came = new Set<unknown>()
  return {
    kit: async () => {
      const source = { size: bytes, open: () => chunksOf(bytes) }
      return (await sides.kit.content.put(source, { profile: 'unixfs-v1-2025' })).cid
    },
    peers: { 'kubo-rpc-client': async () => (await sides.peer.add(chunksOf(bytes), asProfile)).cid.toString() },
    check(cid) {
      came.add(cid)
      if (came.size > 1) throw new Error(`the sides made ${[...came].join(' and ')}`)
    },
    reset: () => sides.forget(),
    teardown: () => sides.close(),
  }
}

function upload(bytes: number): ComparedCase {
  const sides = new Sides()
  return {
    name: `upload ${bytes / mebibyte} MiB`,
    unit: 'MB',
    count: bytes / 1e6,
    note: 'The daemon hashes and stores on the same processors: its share is the same on both sides.',
    setup: () => sides.open(),
    ...uploads(sides, bytes),
  }
}

/** What the daemon does with the bytes is left out: it hashes and stores slower than either side sends. */
function uploadToSink(bytes: number, time: 'wall' | 'processor'): ComparedCase {
  const chunk = randomFillSync(new Uint8Array(mebibyte))
  async function* body(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for (let at = 0; at < bytes; at += mebibyte) yield chunk
  }
  const spent = (): number => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  }
  let sink: ChildProcess | undefined
  let url = ''
  let store: Store | undefined
  return {
    name: `upload ${bytes / mebibyte} MiB to a sink that answers like Kubo${time === 'wall' ? '' : ', processor time'}`,
    unit: 'MB',
    count: bytes / 1e6,
    floor: 2,
    aim: 3,
    ...(time === 'processor' ? { clock: spent } : {}),
    async setup() {
      sink = fork(fileURLToPath(new URL('../programs/kubo-sink.ts', import.meta.url)))
      const [port]: unknown[] = await once(sink, 'message')
      url = `http://127.0.0.1:${String(port)}`
      store = await openStore(ipfs({ url }))
    },
    kit: async () => {
      const source = { size: bytes, open: body }
      return (await store?.content.put(source, { profile: 'unixfs-v1-2025' }))?.cid
    },
    peers: { 'kubo-rpc-client': async () => (await create({ url }).add(body(), asProfile)).cid.toString() },
    check(cid, side) {
      if (cid !== sinkCid) throw new Error(`${side} was told ${String(cid)}`)
    },
    async teardown() {
      await store?.close()
      sink?.kill('SIGKILL')
    },
  }
}

function memory(
  side: 'kit' | 'kubo-rpc-client',
  bytes: number,
  bar: Pick<MeasuredCase, 'limit' | 'aim'>,
): MeasuredCase {
  let node: Kubo | undefined
  return {
    name: `peak memory of uploading ${bytes / mebibyte} MiB${side === 'kit' ? '' : `, ${side}`}`,
    unit: 'MB',
    rounds: 1,
    ...bar,
    setup: async () => {
      node = await startKubo()
    },
    measure: () => peakMemory(program, [side, node?.api ?? '', String(bytes)]),
    teardown: () => node?.stop(),
  }
}

function small(count: number): ComparedCase {
  const sides = new Sides()
  const bodies = Array.from({ length: count }, () => randomFillSync(new Uint8Array(4096)))
  let round = 0
  return {
    name: `${count} × 4 KiB into the daemon's files, one after the other`,
    unit: 'files',
    count,
    note: 'kubo-rpc-client: `files.write`, which leaves a part of a broken upload.',
    setup: () => sides.open(),
    reset() {
      round++
    },
    async kit() {
      for (const [index, body] of bodies.entries()) await sides.kit.write(`${round}/${index}`, body)
    },
    peers: {
      async 'kubo-rpc-client'() {
        for (const [index, body] of bodies.entries()) {
          await sides.peer.files.write(`/peer/${round}/${index}`, body, { create: true, parents: true, truncate: true })
        }
      },
    },
    teardown: () => sides.close(),
  }
}

function read(bytes: number, trust: 'nobody' | 'daemon'): ComparedCase {
  const sides = new Sides()
  let cid = ''
  return {
    name: `read ${bytes / mebibyte} MiB${trust === 'nobody' ? ', every block checked' : ', as the daemon gives it'}`,
    unit: 'MB',
    count: bytes / 1e6,
    ...(trust === 'nobody' ? { note: 'kubo-rpc-client checks nothing.' } : {}),
    async setup() {
      await sides.open(trust)
      const source = { size: bytes, open: () => chunksOf(bytes) }
      const entry = await sides.kit.content.put(source, { profile: 'unixfs-v1-2025' })
      cid = entry.cid ?? ''
    },
    async kit() {
      const { body } = await sides.kit.content.read(cid, {})
      if (body instanceof Uint8Array) return body.byteLength
      return lengthOf(body)
    },
    peers: { 'kubo-rpc-client': () => lengthOf(sides.peer.cat(cid)) },
    check(length) {
      if (length !== bytes) throw new Error(`read ${String(length)} of ${bytes} bytes`)
    },
    teardown: () => sides.close(),
  }
}

async function lengthOf(stream: AsyncIterable<Uint8Array>): Promise<number> {
  let length = 0
  for await (const chunk of stream) length += chunk.byteLength
  return length
}
