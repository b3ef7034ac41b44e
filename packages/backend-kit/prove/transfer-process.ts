// One program over a remote store, in a process of its own, so that its memory and time are its own.
import { openStore, type Bytes, type Store } from '@kit/core'
import { plugin } from '../src/index.ts'

export interface Work {
  readonly url: string
  readonly kind: 'up' | 'down' | 'list'
  readonly key: string
  /** Bytes of the object, or how many entries there are. */
  readonly size: number
}

export interface Outcome {
  readonly seconds: number
  readonly size: number
  /** Highest resident memory, in bytes. */
  readonly peak: number
  /** Processor time, in seconds. */
  readonly processor: number
}

process.once('message', (work: Work) => {
  run(work).then(
    (outcome) => process.send?.(outcome),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
})

async function run(work: Work): Promise<Outcome> {
  await using store = await openStore(plugin({ url: work.url, store: 'files' }))
  const started = performance.now()
  const before = process.cpuUsage()
  const size = await works[work.kind](store, work)
  const { user, system } = process.cpuUsage(before)
  const peak = process.resourceUsage().maxRSS * 1024
  return { size, peak, seconds: (performance.now() - started) / 1000, processor: (user + system) / 1e6 }
}

const works: { readonly [Kind in Work['kind']]: (store: Store, work: Work) => Promise<number> } = {
  async up(store, { key, size }) {
    const { size: written = 0 } = await store.write(key, body(size), { size })
    return written
  },
  async down(store, { key }) {
    let size = 0
    for await (const chunk of await store.read(key)) size += chunk.byteLength
    return size
  },
  async list(store, { key }) {
    let entries = 0
    for await (const { size } of store.list(key)) entries += size === undefined ? 0 : 1
    return entries
  },
}

async function* body(size: number): AsyncGenerator<Bytes> {
  for (let sent = 0; sent < size; sent += 65_536) yield new Uint8Array(Math.min(65_536, size - sent)).fill(sent >> 16)
}
