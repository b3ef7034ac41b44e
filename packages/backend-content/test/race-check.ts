import { expect } from 'vitest'
import { scrub } from '../src/index.ts'
import { all, codeOf, collected, context, key, opened, raw, sample, source, type Opened } from './support.ts'

const profile = 'unixfs-v1-2025'

/** What one writer knows to be in the store: nobody else touches it. */
interface Held {
  readonly pins: Map<string, Uint8Array>
  readonly files: Map<string, Uint8Array>
}

/** mulberry32: one seed, one sequence. */
function randomOf(seed: number): (bound: number) => number {
  let state = seed >>> 0
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound)
  }
}

/**
 * Writers put, pin, write, copy, give up and take away while collections follow each other. Whatever a writer holds must be there each time it looks,
 * at the end, and after the store was opened again. Gives the number of collections and of blocks that they took.
 */
export async function race(
  seed: number,
  writers: number,
  steps: number,
): Promise<{ readonly collections: number; readonly collected: number }> {
  const setting = { segmentBytes: 1 << 18, keep: { last: 5 } } as const
  await using here = opened(setting)
  const told = { collections: 0, collected: 0 }
  const held = Array.from({ length: writers }, (): Held => ({ pins: new Map(), files: new Map() }))
  const state = { writing: true }

  async function collecting(): Promise<void> {
    while (state.writing) {
      told.collected += (await all(here.store.blocks.collect(context()))).length
      told.collections++
      await new Promise(setImmediate)
    }
  }
  async function write(writer: number): Promise<void> {
    const below = randomOf(seed * 100 + writer)
    const own = held[writer] ?? { pins: new Map(), files: new Map() }
    for (let number = 0; number < steps; number++) await step(here, own, writer, below)
  }
  const collector = collecting()
  try {
    await Promise.all(held.map((_, writer) => write(writer)))
  } finally {
    state.writing = false
    await collector
  }
  for (const each of held) await checkAll(here, each)
  await here.store.close()
  await using again = opened({ path: here.root, ...setting })
  for (const each of held) await checkAll(again, each)
  await all(again.store.blocks.collect(context()))
  for (const each of held) await checkAll(again, each)
  expect(await scrub({ path: here.root })).toMatchObject({ damages: [], lost: { pins: [], tree: false } })
  return told
}

async function step(here: Opened, held: Held, writer: number, below: (bound: number) => number): Promise<void> {
  const { store } = here
  // Bodies come again, of this writer and of others: what one puts the other may just be giving up.
  const body = sample(`${below(40)}`, [10, 3000, 40_000, 1_300_000][below(4)] ?? 10)
  const name = `writer ${writer}/${below(6)}`
  switch (below(9)) {
    case 0:
    case 1: {
      const { cid = '' } = await store.content.put(context(), source(body), { profile, pin: false })
      // Nothing holds it yet: it may be gone, and then the pin says so.
      const code = await codeOf(store.pins.add(context(), cid, { name: `${writer}` }))
      expect(['success', 'NotFound']).toContain(code)
      if (code === 'success') await checkPin(here, cid, body)
      break
    }
    case 2: {
      const own = sample(`${writer} ${below(10)}`, body.byteLength)
      const { cid = '' } = await store.content.put(context(), source(own), { profile, pin: true })
      held.pins.set(cid, own)
      break
    }
    case 3: {
      const [cid] = held.pins.keys()
      if (cid === undefined) break
      await store.pins.remove(context(), cid)
      held.pins.delete(cid)
      break
    }
    case 4:
    case 5:
      await here.put(name, body)
      held.files.set(name, body)
      break
    case 6: {
      const stop = new AbortController()
      const work = codeOf(store.write(context(stop.signal), key(`${name} given up`), source(body), {}))
      setTimeout(() => stop.abort(), below(3))
      expect(['success', 'Aborted']).toContain(await work)
      // Whether it was written or not, what is there is whole.
      const there = await codeOf(checkFile(here, `${name} given up`, undefined))
      expect(['success', 'NotFound']).toContain(there)
      break
    }
    case 7: {
      const copied = held.files.get(name)
      if (copied === undefined) break
      await store.copy(context(), key(name), key(`${name} copy`), {})
      held.files.set(`${name} copy`, copied)
      break
    }
    default:
      for (const [cid, pinned] of held.pins) await checkPin(here, cid, pinned)
      for (const [path, written] of held.files) await checkFile(here, path, written)
      await store.blocks.put(context(), raw(body.slice(0, 2000)).cid, body.slice(0, 2000))
  }
}

async function checkPin({ store }: Opened, cid: string, body: Uint8Array): Promise<void> {
  const read = await store.content.read(context(), cid, {})
  expect(Buffer.from(await collected(read.body)).equals(body), cid).toBe(true)
}

async function checkFile({ store }: Opened, name: string, body: Uint8Array | undefined): Promise<void> {
  const read = await store.read(context(), key(name), {})
  const bytes = await collected(read.body)
  if (body !== undefined) expect(Buffer.from(bytes).equals(body), name).toBe(true)
}

async function checkAll(here: Opened, { pins, files }: Held): Promise<void> {
  for (const [cid, body] of pins) await checkPin(here, cid, body)
  for (const [name, body] of files) await checkFile(here, name, body)
}
