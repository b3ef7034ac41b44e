import { readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { recordFiles } from '@kit/test-servers'
import { expect } from 'vitest'
import { scrub } from '../src/index.ts'
import {
  all,
  bytes,
  codeOf,
  collected,
  context,
  key,
  opened,
  raw,
  sample,
  source,
  temporaryRoot,
  type Opened,
} from './support.ts'

/** What has been promised by now. */
interface Model {
  readonly files: Map<string, string>
  /** By CID, with the bytes below it. */
  readonly pins: Map<string, Uint8Array>
  /** Put and not collected since, by CID. */
  readonly blocks: Map<string, Uint8Array>
}

type Step = (store: Opened['store'], model: Model) => Promise<void>

function copyOf({ files, pins, blocks }: Model): Model {
  return { files: new Map(files), pins: new Map(pins), blocks: new Map(blocks) }
}

const write =
  (name: string, text: string): Step =>
  async (store, { files }) => {
    await store.write(context(), key(name), source(text), {})
    files.set(name, text)
  }

const remove =
  (name: string): Step =>
  async (store, { files }) => {
    await store.delete(context(), key(name), {})
    files.delete(name)
  }

const batch =
  (written: string, text: string, gone: string): Step =>
  async (store, { files }) => {
    const changes = [{ write: key(written), source: source(text) }, { delete: key(gone) }]
    await store.batch(context(), changes, { message: 'both' })
    files.set(written, text)
    files.delete(gone)
  }

const put =
  (text: string): Step =>
  async (store, { blocks }) => {
    const block = raw(text)
    await store.blocks.put(context(), block.cid, block.bytes)
    blocks.set(block.cid, block.bytes)
  }

const putMany =
  (...texts: string[]): Step =>
  async (store, { blocks }) => {
    const given = texts.map(raw)
    await store.blocks.putMany(
      context(),
      (async function* () {
        yield* given
      })(),
    )
    for (const { cid, bytes: body } of given) blocks.set(cid, body)
  }

const pinBlock =
  (text: string): Step =>
  async (store, { pins }) => {
    const block = raw(text)
    await store.pins.add(context(), block.cid, { mode: 'direct', name: text })
    pins.set(block.cid, block.bytes)
  }

const putPinned =
  (name: string, size: number): Step =>
  async (store, { pins }) => {
    const body = sample(name, size)
    const { cid } = await store.content.put(context(), source(body), { profile: 'unixfs-v1-2025', pin: true })
    pins.set(cid ?? '', body)
  }

/** The pin that was added as the so-manieth of those that are there. */
const unpin =
  (place: number): Step =>
  async (store, { pins, blocks }) => {
    const cid = [...pins.keys()][place] ?? ''
    await store.pins.remove(context(), cid)
    const body = pins.get(cid)
    pins.delete(cid)
    // It is there until it is collected, but that is checked of blocks only.
    if (body !== undefined && raw(new Uint8Array(body)).cid === cid) blocks.set(cid, body)
  }

const collect: Step = async (store, { blocks }) => {
  // From its beginning on blocks that nothing needs may be gone, so that they are no longer promised while it runs.
  await all(store.blocks.collect(context()))
  blocks.clear()
}

const story: readonly Step[] = [
  write('a', 'one'),
  put('block 1'),
  write('a', 'two'),
  putPinned('file 1', 3000),
  write('dir/b', 'x'.repeat(900)),
  pinBlock('block 1'),
  put('block 2'),
  collect,
  putPinned('file 2', 5000),
  write('a', 'three'),
  batch('dir/c', 'together', 'a'),
  unpin(1),
  write('dir/b', 'y'.repeat(1200)),
  collect,
  putMany('block 3', 'block 4', 'block 5'),
  // Several segments that wait for the disk together.
  putMany(...Array.from({ length: 14 }, (_, at) => `${at} `.repeat(300))),
  putPinned('file 1', 3000),
  unpin(0),
  remove('dir/c'),
  write('dir/d', 'four'),
  collect,
  write('a', 'five'),
]

const setting = { segmentBytes: 4096, keep: { last: 3 } } as const

/**
 * Records a story, cuts the power at so many points, and opens what each leaves. Durable to power, all that was done is there, and what was under
 * way wholly or not at all; durable to the process, what is there is whole. Either way no wrong byte is read, and the store goes on.
 */
export async function checkCrashStates(durable: 'process' | 'power', seed: number, count: number): Promise<number> {
  const root = temporaryRoot()
  const recorder = recordFiles(root)
  const first = opened({ path: root, durable, files: recorder.files, ...setting })
  const model: Model = { files: new Map(), pins: new Map(), blocks: new Map() }
  const models = [copyOf(model)]
  for (const [step, run] of story.entries()) {
    await run(first.store, model)
    models.push(copyOf(model))
    recorder.mark(`${step + 1}`)
  }
  await first.store.close()
  let states = 0
  for await (const state of recorder.states({ seed, count })) {
    states++
    await using _ = state
    endOwners(state.folder)
    const done = Number(state.passed.at(-1) ?? 0)
    const before = models[done] ?? model
    const next = models[done + 1] ?? before
    await using after = opened({ path: state.folder, durable, ...setting })
    if (durable === 'power') await checkPromised(after, before, next, state.description)
    await checkWhole(after, models, state.description)
    await after.put('new', 'goes on')
    await all(after.store.blocks.collect(context()))
    expect(await after.get('new'), state.description).toBe('goes on')
    if (durable === 'power') await checkPromised(after, { ...before, blocks: new Map() }, next, state.description)
    await checkWhole(after, models, state.description)
    expect((await scrub({ path: state.folder })).damages, state.description).toEqual([])
    await after.store.close()
    const names = readdirSync(state.folder).filter((name) => !/^(segment|snapshot)-\d+$/.test(name))
    expect(names, state.description).toEqual([])
  }
  rmSync(root, { recursive: true })
  return states
}

async function checkPromised({ store, get }: Opened, before: Model, next: Model, why: string): Promise<void> {
  for (const name of new Set([...before.files.keys(), ...next.files.keys()])) {
    const value = (await codeOf(store.stat(context(), key(name), {}))) === 'NotFound' ? undefined : await get(name)
    expect([before.files.get(name), next.files.get(name)], `${why}: ${name}`).toContain(value)
  }
  for (const [cid, body] of before.pins) {
    if (!next.pins.has(cid)) continue
    expect((await store.pins.get(context(), cid)).cid, `${why}: pin ${cid}`).toBe(cid)
    const read = await store.content.read(context(), cid, {})
    expect(Buffer.from(await collected(read.body)).equals(body), `${why}: pin ${cid}`).toBe(true)
  }
  for (const [cid, body] of before.blocks) {
    if (!next.blocks.has(cid)) continue
    expect(Buffer.from(await store.blocks.get(context(), cid)).equals(body), `${why}: block ${cid}`).toBe(true)
  }
}

/** What is there can be read: each pin, each file, each kept version; and is something that was put. */
async function checkWhole({ store, get }: Opened, models: readonly Model[], why: string): Promise<void> {
  for (const { pins } of await all(store.pins.list(context(), {}))) {
    for (const { cid } of pins) {
      const body = models.flatMap((model) => model.pins.get(cid) ?? [])[0]
      const read = await store.content.read(context(), cid, {})
      expect(Buffer.from(await collected(read.body)).equals(body ?? bytes('')), `${why}: pin ${cid}`).toBe(true)
    }
  }
  for (const { entries } of await all(store.list(context(), key(''), { recursive: true }))) {
    for (const entry of entries) {
      if (entry.kind !== 'file') continue
      const values = new Set(['goes on', ...models.flatMap(({ files }) => files.get(entry.key) ?? [])])
      expect(values.has(await get(entry.key)), `${why}: ${entry.key}`).toBe(true)
      for (const { entries: versions } of await all(store.versions(context(), key(entry.key)))) {
        for (const { version } of versions) {
          expect(values.has(await get(entry.key, version)), `${why}: ${entry.key}, ${version ?? ''}`).toBe(true)
        }
      }
    }
  }
}

/** After a power cut no process lives on, but this one, which recorded, does. */
function endOwners(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (!name.startsWith('lock-')) continue
    renameSync(join(folder, name), join(folder, name.replace(/[0-9a-f_]+\.[a-z0-9]+$/, '1.abc')))
  }
}
