import { type Bytes, type Key, storageError } from '@kit/core'
import { describe, expect, it } from 'vitest'
import { cidOf, encodeNode, encodeUnixFs, paths, type PathsBlocks, type Refs } from '../../src/index.ts'
import { memoryBlocks } from '../directories/memory-blocks.ts'
import { allOf, codeOf, context, memoryRefs, type Program, program, site } from './subject.ts'

/** Some of everything that changes a tree. Told of each step that was acknowledged. */
const script: readonly ((program: Program) => Promise<unknown>)[] = [
  ({ write }) => write('a', '1'),
  ({ write }) => write('dir/b', '2', { mode: 0o640, modified: new Date(1000) }),
  ({ write }) => Promise.all([write('c', '3'), write('dir/d', '4'), write('dir/sub/e', '5')]),
  ({ write }) => write('large', 'x'.repeat(3 << 20)),
  ({ tree }) => tree.move?.(context, 'c' as Key, 'moved/c' as Key, {}) ?? Promise.resolve(),
  ({ remove }) => remove('a'),
  ({ tree }) => tree.links?.make(context, 'link' as Key, 'dir/b') ?? Promise.resolve(),
  ({ tree }) => tree.update?.(context, 'large' as Key, { mode: 0o600 }) ?? Promise.resolve(),
  ({ tree }) => tree.directories?.make(context, 'empty' as Key) ?? Promise.resolve(),
  ({ write }) => write('dir/b', '6', { ifMatch: `"${encodeFile('2')}"` }),
]

function encodeFile(text: string): string {
  const data = new TextEncoder().encode(text)
  const modified = { seconds: 1 }
  return cidOf(
    'dag-pb',
    encodeUnixFs({ type: 'file', links: [], data, fileSize: data.byteLength, mode: 0o640, modified }),
  )
}

/** Everything that can be read of a tree, so that a missing block shows. */
async function picture({ tree, read }: Program): Promise<string> {
  const lines: string[] = []
  for await (const { entries } of tree.list?.(context, '' as Key, { recursive: true }) ?? []) {
    for (const { key, kind, mode } of entries) {
      const text = kind === 'file' ? await read(key) : ''
      lines.push(`${key} ${kind} ${mode ?? ''} ${text.length} ${text.slice(0, 5)}`)
    }
  }
  return lines.toSorted().join('\n')
}

/** The picture after each number of steps. */
async function pictures(): Promise<string[]> {
  const one = site().open()
  const found = [await picture(one)]
  for (const step of script) {
    await step(one)
    found.push(await picture(one))
  }
  return found
}

describe('a crash', () => {
  it('at any instant leaves every acknowledged write, and no tree with a block missing', async () => {
    const expected = await pictures()
    // What a store keeps, in the order in which it is done; what is begun and not done may be there or not.
    type Deed = { readonly put: string; readonly bytes: Bytes } | { readonly ref: string }
    const deeds: { readonly deed: Deed; begun: number; done: number }[] = []
    const acknowledged: number[] = []
    let clock = 0
    const keep = async (deed: Deed): Promise<void> => {
      const entry = { deed, begun: clock++, done: Infinity }
      deeds.push(entry)
      await new Promise((resolve) => setImmediate(resolve))
      entry.done = clock++
    }
    const [blocks, refs] = [memoryBlocks(), memoryRefs()]
    const recorded: PathsBlocks = {
      get: (cid, call) => blocks.get(cid, call),
      async put(cid, bytes, call) {
        const kept = bytes.slice()
        await blocks.put(cid, kept, call)
        await keep({ put: cid, bytes: kept })
      },
    }
    refs.before = (_, to) => keep({ ref: to })
    const one = program(paths(recorded, refs))
    for (const step of script) {
      await step(one)
      acknowledged.push(clock)
    }
    let states = 0
    for (let instant = 0; instant <= clock; instant++) {
      for (const underWay of ['lost', 'done'] as const) {
        const [left, names] = [memoryBlocks(), memoryRefs()]
        for (const { deed, begun, done } of deeds) {
          if (begun >= instant || (done > instant && underWay === 'lost')) continue
          if ('put' in deed) left.blocks.set(deed.put, deed.bytes)
          else names.names.set('main', deed.ref)
        }
        const after = program(paths(left, names))
        const steps = acknowledged.filter((at) => at <= instant).length
        const seen = await picture(after)
        const allowed = [expected[steps], expected[steps + 1]]
        // The third step is several writes, each of which is acknowledged by itself.
        if (steps !== 2) expect(allowed, `at ${instant}, what was under way ${underWay}`).toContain(seen)
        else expect(seen.split('\n').every((line) => expected[3]?.includes(line))).toBe(true)
        expect(await codeOf(after.write('after', 'x'))).toBe('success')
        states++
      }
    }
    expect(states).toBeGreaterThan(80)
  }, 60_000)
})

describe('a failure of the store below', () => {
  it('of the N-th call, for every N, leaves the tree before or after the step, and the next call works', async () => {
    const expected = await pictures()
    for (let failing = 1; ; failing++) {
      const { blocks, refs } = site()
      let calls = 0
      const fault = (): void => {
        if (++calls === failing) throw storageError('Unavailable', 'as the test says')
      }
      const broken: PathsBlocks = {
        get: async (cid, call) => (fault(), blocks.get(cid, call)),
        put: async (cid, bytes, call) => (fault(), blocks.put(cid, bytes, call)),
      }
      const brokenRefs: Refs = {
        get: async (name, call) => (fault(), refs.get(name, call)),
        compareAndSwap: async (...given) => (fault(), refs.compareAndSwap(...given)),
      }
      const one = program(paths(broken, brokenRefs))
      let done = 0
      for (const step of script) {
        const code = await codeOf(step(one))
        if (code !== 'success') {
          expect(code).toBe('Unavailable')
          const seen = await picture(program(paths(blocks, refs)))
          if (done === 2) expect(seen.split('\n').every((line) => expected[3]?.includes(line))).toBe(true)
          else expect(seen, `call ${failing}, step ${done}`).toBe(expected[done])
          await step(one)
        }
        done++
      }
      expect(await picture(program(paths(blocks, refs)))).toBe(expected.at(-1))
      if (calls < failing) break
    }
  }, 60_000)

  it('by wrong bytes is Corrupt, and never an answer', async () => {
    const { blocks, refs, open } = site()
    const one = open()
    for (const step of script) await step(one)
    const expected = await pictures()
    expect(await picture(open())).toBe(expected.at(-1))
    for (const [cid, bytes] of blocks.blocks) {
      if (bytes.byteLength === 0) continue
      const changed = bytes.slice()
      changed[changed.byteLength >> 1] = (changed[changed.byteLength >> 1] ?? 0) ^ 1
      const wrong = memoryBlocks()
      for (const [each, right] of blocks.blocks) wrong.blocks.set(each, each === cid ? changed : right)
      const seen = await picture(program(paths(wrong, refs))).catch((error: unknown) => error)
      if (typeof seen !== 'string') expect(seen).toMatchObject({ code: 'Corrupt' })
      else if (seen !== expected.at(-1)) expect(seen).toContain('Corru')
    }
  })
})

describe('a block that is gone', () => {
  it('is Corrupt and no missing object: its name is not free', async () => {
    const { blocks, refs, open } = site()
    const one = open()
    for (const step of script) await step(one)
    const expected = await picture(open())
    const keys = [...(await one.all()).keys()]
    let lost = 0
    for (const cid of blocks.blocks.keys()) {
      const left = memoryBlocks()
      for (const [each, bytes] of blocks.blocks) if (each !== cid) left.blocks.set(each, bytes)
      const seen = await picture(program(paths(left, refs))).catch((error: unknown) => error)
      if (seen === expected) continue
      lost++
      if (typeof seen !== 'string') expect(seen).toMatchObject({ code: 'Corrupt' })
      const after = program(paths(left, refs))
      for (const key of keys) {
        expect(await after.read(key)).not.toBe('NotFound')
        expect(['AlreadyExists', 'Corrupt']).toContain(await codeOf(after.write(key, 'x', { ifAbsent: true })))
      }
    }
    expect(lost).toBeGreaterThan(5)
  })
})

describe('blocks of a write that is going on', () => {
  it('are under a lease from the first put to the swap', async () => {
    const { blocks, refs } = site()
    let held = 0
    let least = Infinity
    const watch = (): void => void (least = Math.min(least, held))
    const leasing: PathsBlocks = {
      get: (cid, call) => blocks.get(cid, call),
      put: async (cid, bytes, call) => {
        watch()
        await blocks.put(cid, bytes, call)
        watch()
      },
      lease() {
        held++
        return { [Symbol.dispose]: () => void held-- }
      },
    }
    refs.before = watch
    refs.after = watch
    const one = program(paths(leasing, refs))
    for (const step of script) await step(one)
    expect(least).toBeGreaterThan(0)
    expect(held).toBe(0)
    refs.before = () => {
      throw storageError('Unavailable', 'no')
    }
    await Promise.all(script.map((step) => codeOf(step(one))))
    expect(held).toBe(0)
    // One that has given up while its change was being committed: its blocks are needed until the swap.
    const controller = new AbortController()
    let heldThen = 0
    refs.before = async () => {
      controller.abort()
      await new Promise((resolve) => setTimeout(resolve, 10))
      heldThen = held
    }
    expect(await codeOf(one.write('given up', 'x', { signal: controller.signal }))).toBe('Aborted')
    await one.tree.close?.()
    expect(heldThen, 'that of the write, and that of the group').toBe(2)
    expect(held).toBe(0)
    expect(await codeOf(one.write('late', 'x'))).toBe('Aborted')
    expect(held).toBe(0)
  })
})

describe('a ref', () => {
  const raw = { cid: cidOf('raw', new Uint8Array([1])), bytes: new Uint8Array([1]) }
  const nothing = { '/': cidOf('raw', new Uint8Array()) }

  it.each([
    ['raw bytes', raw, 'Corrupt'],
    ['a map of something else', encodeNode('dag-cbor', { hello: 'world' }), 'Corrupt'],
    ['a commit without root', encodeNode('dag-cbor', { version: 1, time: 0 }), 'Corrupt'],
    ['a commit without time', encodeNode('dag-cbor', { version: 1, root: nothing }), 'Corrupt'],
    ['a commit of a later format', encodeNode('dag-cbor', { version: 2, root: 1 }), 'Unsupported'],
    ['a commit whose root is a file', encodeNode('dag-cbor', { version: 1, time: 0, root: nothing }), 'NotDirectory'],
  ])('that names %s is refused, read and written', async (_, { cid, bytes }, code) => {
    const { blocks, refs, open } = site()
    blocks.blocks.set(cid, bytes)
    blocks.blocks.set(nothing['/'], new Uint8Array())
    refs.names.set('main', cid)
    expect(await open().read('a')).toBe(code)
    expect(await codeOf(open().write('a', 'x'))).toBe(code)
    expect(refs.names.get('main')).toBe(cid)
  })
})

describe('a listing', () => {
  it('shows the tree of its beginning, in other programs too by its cursor', async () => {
    const { open } = site()
    const one = open()
    for (const key of ['a', 'b/1', 'b/2/x', 'b/2/y', 'b/3', 'c', 'd/1']) await one.write(key, key)
    const whole = (await allOf(one.tree.list?.(context, '' as Key, { recursive: true }) ?? [])).flatMap(
      ({ entries }) => entries,
    )
    expect(whole).toHaveLength(10)
    for (const limit of [1, 2, 3, 10]) {
      const seen: string[] = []
      let cursor: string | undefined
      do {
        const [page] = await allOf(
          take(open().tree.list?.(context, '' as Key, { recursive: true, limit, cursor }) ?? [], 1),
        )
        for (const { key } of page?.entries ?? []) seen.push(key)
        cursor = page?.cursor
        await one.remove('c')
        await one.write('aa', 'new')
        await one.write('b/2/new', `${seen.length}`)
      } while (cursor !== undefined)
      expect(seen).toEqual(whole.map(({ key }) => key))
      await one.tree.restore('', (await allOf(one.tree.history(context))).at(-7)?.cid ?? '', {}, context)
    }
    const { tree } = open()
    for (const cursor of ['', 'nonsense', '/a', `${cidOf('dag-cbor', new Uint8Array())}/a`]) {
      expect(['InvalidConfig', 'NotFound']).toContain(
        await codeOf(allOf(tree.list?.(context, '' as Key, { cursor }) ?? [])),
      )
    }
  })

  async function* take<Item>(items: AsyncIterable<Item> | Iterable<Item>, most: number): AsyncGenerator<Item> {
    let left = most
    for await (const item of items) {
      yield item
      if (--left === 0) return
    }
  }
})
