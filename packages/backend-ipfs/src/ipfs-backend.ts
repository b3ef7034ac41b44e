import {
  storageError,
  type Backend,
  type Blocks,
  type Capabilities,
  type Content,
  type Ipns,
  type Pin,
  type PinFilter,
  type Pins,
  type Source,
} from '@kit/core'
import { parseCid, profiles, readCar, writeCar, type Profile } from '@kit/content'
import { filesPaths } from './files-paths.ts'
import type { KuboClient } from './kubo.ts'
import { trustingReading, verifiedReading, type Reading } from './reading.ts'
import type { Turns } from './turns.ts'

export interface IpfsBackendOptions {
  readonly client: KuboClient
  readonly capabilities: Capabilities
  readonly turns: Turns
  readonly root: string
  readonly profile: Profile
  readonly trust: 'nobody' | 'daemon'
}

/** A Kubo daemon as a store: paths are its files, content its blocks. */
export function ipfsBackend({ client, capabilities, turns, root, profile, trust }: IpfsBackendOptions): Backend {
  const reading = trust === 'daemon' ? trustingReading(client) : verifiedReading(client)
  const pageMax = capabilities.list?.pageMax ?? 1000
  return {
    capabilities,
    ...filesPaths({ client, reading, turns, root, profile, pageMax }),
    async usage(context) {
      const { usedBytes, maxBytes } = await client.repo.stat(context)
      return { usedBytes, totalBytes: maxBytes, freeBytes: Math.max(0, maxBytes - usedBytes) }
    },
    ping: (context) => client.health(context),
    close: () => client.close(),
    blocks: blocks(client, turns),
    content: content(client, reading),
    pins: pins(client),
    ipns: ipns(client),
  }
}

/** Blocks that are put at once. */
const atOnce = 8

function blocks(client: KuboClient, turns: Turns): Blocks {
  return {
    get: (context, cid) => client.block.get(parseCid(cid).text, context),
    has: (context, cid) => client.block.has(parseCid(cid).text, context),
    put: (context, cid, bytes) => client.block.put(cid, bytes, context),
    async putMany(context, many) {
      const rest = many[Symbol.asyncIterator]()
      const turn = async (): Promise<void> => {
        for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
          await client.block.put(next.value.cid, next.value.bytes, context)
        }
      }
      try {
        await Promise.all(Array.from({ length: atOnce }, turn))
      } finally {
        await rest.return?.()
      }
    },
    async *collect(context) {
      await using _ = await turns.collect(context.signal)
      for await (const cid of client.repo.gc(context)) yield { cid }
    },
  }
}

function content(client: KuboClient, reading: Reading): Content {
  return {
    async put({ signal }, source, { profile, pin }) {
      if (!isProfile(profile)) {
        throw storageError(
          'Unsupported',
          `there is no profile ${JSON.stringify(profile)}: ${Object.keys(profiles).join(', ')}`,
        )
      }
      const { cid } = await client.add(source, { profile, pin, signal })
      // Kubo tells the size of the DAG, not of the file.
      const { size } = await client.files.stat(`/ipfs/${cid}`, { signal })
      return { kind: 'file', key: cid, cid, etag: `"${cid}"`, size }
    },
    read: ({ signal }, path, { range }) => reading.read(path, { signal, range }),
    stat: ({ signal }, path) => reading.stat(path, { signal }),
    list: ({ signal }, path) => reading.list(path, { signal }),
    car: ({ signal }, path, { scope }) => reading.car(path, { signal, scope }),
    async importCar({ signal }, source, { pin }) {
      const stream = source.open(0)
      if (stream === null)
        throw storageError('Conflict', 'the source has been read already and gives its bytes only once')
      // Through our own reader: it checks each block before it is sent, and knows the roots, which Kubo tells only of what it pins.
      await using car = await readCar(stream, { signal })
      await client.dag.import(streamSource(writeCar(car)), { pin, signal })
      return [...car.roots]
    },
  }
}

function streamSource(stream: AsyncIterable<Uint8Array<ArrayBuffer>>): Source {
  return { open: () => stream }
}

function isProfile(text: string): text is Profile {
  return Object.hasOwn(profiles, text)
}

/** Pins in a page, unless the caller says otherwise. */
const pinsInPage = 1000

function pins(client: KuboClient): Pins {
  return {
    async add(context, cid, { mode, name, copies, metadata }) {
      if (copies !== undefined || metadata !== undefined) {
        throw storageError(
          'Unsupported',
          'a daemon keeps one copy of what it pins, and a name for it: no `copies`, no `metadata`',
        )
      }
      await client.pin.add(cid, { mode, name, signal: context.signal })
      return client.pin.get(cid, context)
    },
    remove: (context, cid) => client.pin.rm(cid, context),
    get: (context, cid) => client.pin.get(cid, context),
    async *list({ signal }, { name, mode, limit = pinsInPage, cursor }: PinFilter) {
      if (cursor !== undefined)
        throw storageError('InvalidConfig', 'Kubo streams its pins: there is no page to go on from')
      let page: Pin[] = []
      for await (const pin of client.pin.ls({ mode, name, signal })) {
        // Kubo gives those that have it somewhere in their name.
        if (name !== undefined && pin.name !== name) continue
        page.push(pin)
        if (page.length < limit) continue
        yield { pins: page }
        page = []
      }
      if (page.length > 0) yield { pins: page }
    },
  }
}

function ipns(client: KuboClient): Ipns {
  return {
    async publish({ signal }, key, path, { lifetimeSeconds, ttlSeconds }) {
      const { name } = await client.name.publish(contentPath(path), { key, lifetimeSeconds, ttlSeconds, signal })
      return { name, sequence: await sequenceOf(name, signal) }
    },
    async resolve(context, name) {
      return { path: await client.name.resolve(name, context) }
    },
  }

  /** Kubo does not tell it; a node that is online gives its record. */
  async function sequenceOf(name: string, signal: AbortSignal): Promise<number | undefined> {
    try {
      return await client.name.sequence(await client.routing.get(`/ipns/${name}`, { signal }), { signal })
    } catch {
      // It is published all the same.
      return undefined
    }
  }
}

/** Kubo wants its namespace before a CID. */
function contentPath(path: string): string {
  return /^\/?(?:ipfs|ipns)\//.test(path) ? path.replace(/^\/?/, '/') : `/ipfs/${path}`
}
