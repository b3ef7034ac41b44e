import { collect, compareKeys, resolveRange, storageError, toStream } from '@kit/core'
import type { Backend, Bytes, Entry, Handle, HandleMode } from '@kit/core'
import { rawCid } from '../../src/content.ts'
import { join, type World } from './world.ts'

type Groups = Pick<Backend, 'open' | 'upload' | 'directories' | 'links' | 'blocks' | 'content' | 'pins'>

export function groups(world: World): Groups {
  return {
    open: async (context, key, mode) => {
      world.request(context)
      return openHandle(world, key, mode)
    },
    upload: upload(world),
    directories: directories(world),
    links: {
      async make(context, key, target) {
        world.request(context)
        if (world.nodes.has(key)) throw storageError('AlreadyExists', 'there already')
        for (const name of world.parents(key)) world.nodes.set(name, { kind: 'directory' })
        world.nodes.set(key, { kind: 'link', target })
      },
    },
    blocks: {
      async get(context, cid) {
        world.request(context)
        const bytes = world.blocks.get(cid)
        if (bytes === undefined) throw storageError('NotFound', 'no such block')
        return bytes.slice()
      },
      has: async (_, cid) => world.blocks.has(cid),
      async put(context, cid, bytes) {
        world.request(context)
        world.blocks.set(cid, bytes.slice())
      },
    },
    content: content(world),
    pins: pins(world),
  }
}

function openHandle(world: World, key: string, mode: HandleMode): Handle {
  if (mode === 'in-place') throw storageError('Unsupported', 'not in place')
  const node = mode === 'read' || world.nodes.has(key) ? world.file(key) : undefined
  let bytes: Bytes = node?.bytes.slice() ?? new Uint8Array()
  const entry: Entry = node?.entry ?? { kind: 'file', key, size: 0 }
  let open = true
  world.openBodies++
  const grow = (size: number): void => {
    const grown = new Uint8Array(size)
    grown.set(bytes.subarray(0, size))
    bytes = grown
  }
  const reading: Handle = {
    entry,
    async read(_, into, at) {
      const part = bytes.subarray(at, at + into.byteLength)
      into.set(part)
      return part.byteLength
    },
    async close() {
      if (open) world.openBodies--
      open = false
    },
  }
  if (mode === 'read') return reading
  return {
    ...reading,
    async write(_, from, at) {
      if (at + from.byteLength > bytes.byteLength) grow(at + from.byteLength)
      bytes.set(from, at)
    },
    async truncate(_, size) {
      grow(size)
    },
    publish: async (context, options) => {
      world.request(context)
      return world.put(key, bytes.slice(), options)
    },
  }
}

const usualPartBytes = 50_000

function upload(world: World): Groups['upload'] {
  return {
    async start(context, key, { size, sourceVersion, ...options }) {
      world.request(context)
      const state = crypto.randomUUID()
      const partBytes = Math.max(usualPartBytes, Math.ceil((size ?? 0) / 100))
      world.uploads.set(state, { key, options: { ...options, size }, partBytes, parts: new Map() })
      return { key, partBytes, sourceVersion, state }
    },
    async part(context, token, number, source) {
      world.request(context)
      const { parts } = world.token(token)
      parts.set(number, await collect(source.bytes?.slice() ?? source.open(0) ?? toStream(new Uint8Array())))
    },
    parts: async (_, token) =>
      [...world.token(token).parts].map(([number, { byteLength }]) => ({ number, size: byteLength })),
    async finish(context, token) {
      world.request(context)
      const { key, options, partBytes, parts } = world.token(token)
      const { size, ...attributes } = options
      const numbers = [...parts.keys()].toSorted((a, b) => a - b)
      const short = numbers.slice(0, -1).some((number) => parts.get(number)?.byteLength !== partBytes)
      if (numbers.length === 0 || short || numbers.some((number, index) => number !== index + 1))
        throw storageError('InvalidRange', 'the parts do not make a whole')
      const bytes = join(numbers.map((number) => parts.get(number) ?? new Uint8Array()))
      if (size !== undefined && size !== bytes.byteLength)
        throw storageError('Corrupt', 'another length than announced')
      const entry = world.put(key, bytes, attributes)
      world.uploads.delete(String(token.state))
      return entry
    },
    async abort(_, token) {
      const there = [...world.uploads].find(([state, { key }]) => state === token.state && key === token.key)
      if (there !== undefined) world.uploads.delete(there[0])
    },
    async *list(context) {
      world.request(context)
      for (const [state, { key, partBytes }] of world.uploads) yield { key, partBytes, state }
    },
  }
}

function directories(world: World): Groups['directories'] {
  return {
    async make(context, directory) {
      world.request(context)
      const there = world.nodes.get(directory)
      if (there !== undefined && there.kind !== 'directory') throw storageError('AlreadyExists', 'no directory')
      for (const name of [...world.parents(directory), directory]) world.nodes.set(name, { kind: 'directory' })
    },
    async remove(context, directory) {
      world.request(context)
      const there = world.nodes.get(directory)
      if (there === undefined) throw storageError('NotFound', 'no such directory')
      if (there.kind !== 'directory') throw storageError('NotDirectory', 'a file')
      if ([...world.nodes.keys()].some((name) => name.startsWith(`${directory}/`)))
        throw storageError('NotEmpty', 'not empty')
      world.nodes.delete(directory)
    },
  }
}

function content(world: World): Groups['content'] {
  const find = (path: string): Bytes => {
    const bytes = world.blocks.get(path)
    if (bytes === undefined) throw storageError('NotFound', 'no such content')
    return bytes
  }
  const entryOf = (cid: string, bytes: Bytes): Entry => ({ kind: 'file', key: cid, cid, size: bytes.byteLength })
  return {
    async put(context, source) {
      world.request(context)
      const bytes = await collect(source.bytes?.slice() ?? source.open(0) ?? toStream(new Uint8Array()))
      const cid = rawCid(bytes)
      world.blocks.set(cid, bytes)
      return entryOf(cid, bytes)
    },
    async read(context, path, { range }) {
      world.request(context)
      const bytes = find(path)
      const { from, to } = resolveRange(range, bytes.byteLength)
      return { entry: entryOf(path, bytes), from, body: bytes.slice(from, to) }
    },
    stat: async (_, path) => entryOf(path, find(path)),
    async *list() {
      yield { entries: [] }
    },
  }
}

function pins(world: World): Groups['pins'] {
  const get = (cid: string): NonNullable<ReturnType<World['pins']['get']>> => {
    const pin = world.pins.get(cid)
    if (pin === undefined) throw storageError('NotFound', 'not pinned')
    return pin
  }
  return {
    async add(context, cid, { name, mode }) {
      world.request(context)
      const pin = { cid, name, mode: mode ?? ('recursive' as const), status: 'pinned' as const }
      world.pins.set(cid, pin)
      return pin
    },
    async remove(_, cid) {
      get(cid)
      world.pins.delete(cid)
    },
    get: async (_, cid) => get(cid),
    async *list() {
      yield { pins: [...world.pins.values()].toSorted((a, b) => compareKeys(a.cid, b.cid)) }
    },
  }
}
