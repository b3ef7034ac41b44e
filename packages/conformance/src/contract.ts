import { bytesSource, collect, compareKeys, isStorageError, parseKey } from '@kit/core'
import type { Backend, Context, Key, ListOptions, Page, Source } from '@kit/core'
import type { CaseGroup, Definition } from './case.ts'
import { all, broken, holds, rejection, rejects, same, sameBytes, within } from './expect.ts'
import { failing, inChunks, sampleBytes, watchedStream } from './samples.ts'
import type { Scene } from './scene.ts'

/** A backend without core around it, and what a case needs to call it. */
interface Bare {
  readonly scene: Scene
  readonly backend: Backend
  readonly context: Context
  key(name: string): Key
  put(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<Key>
}

function contextOf(signal: AbortSignal): Context {
  return { signal, requestId: 'conformance', attempt: 1, log: () => {} }
}

function oneShot(stream: AsyncIterable<Uint8Array<ArrayBuffer>>): Source {
  let opened = false
  return {
    open(from) {
      if (opened || from !== 0) return null
      opened = true
      return stream
    },
  }
}

/** A case on the bare backend; names are plain enough that no store spells them otherwise. */
function bare(title: string, run: (bare: Bare) => Promise<void>, needs: Definition['needs'] = []): Definition {
  return {
    title,
    needs,
    async run(scene) {
      const backend = await scene.subject.openBackend?.()
      if (backend === undefined) return
      const context = contextOf(new AbortController().signal)
      const key = (name: string): Key => parseKey(scene.key(name))
      const put = async (name: string, bytes: Uint8Array<ArrayBuffer>): Promise<Key> => {
        if (backend.capabilities.write?.parents === 'required') {
          const parent = key(name).slice(0, key(name).lastIndexOf('/'))
          await backend.directories?.make(context, parseKey(parent))
        }
        await backend.write?.(context, key(name), bytesSource(bytes), {})
        return key(name)
      }
      try {
        await run({ scene, backend, context, key, put })
      } finally {
        await within(scene.patienceMs, Promise.resolve(backend.close?.()), 'closing: a backend closes soon')
      }
    },
  }
}

async function pagesOf({ backend, context, key }: Bare, options: ListOptions, directory = ''): Promise<Page[]> {
  const below = directory === '' ? parseKey(key('x').slice(0, -2)) : key(directory)
  return all(backend.list?.(context, below, options) ?? [])
}

export const contract: CaseGroup = {
  name: 'contract',
  needs: ['write', 'subject.openBackend'],
  cases: [
    bare('what is declared is there', async ({ backend }) => {
      const { ops, write, list } = backend.capabilities
      for (const [name, how] of Object.entries(ops)) {
        const member: unknown = Reflect.get(backend, name)
        holds(how === undefined || member !== undefined, `contract: ${name} is declared, so it is there`, name, member)
      }
      holds(!ops.write || write !== undefined, 'contract: who writes declares `write`', 'capabilities.write', write)
      holds(!ops.list || list !== undefined, 'contract: who lists declares `list`', 'capabilities.list', list)
    }),
    bare('capabilities are fixed for the life of the instance', async ({ backend, put }) => {
      const before = structuredClone(backend.capabilities)
      await put('some', sampleBytes(10))
      same(backend.capabilities, before, 'contract: capabilities are fixed for the life of the instance')
    }),
    bare(
      'a range begins where `from` says, and the entry is of the whole object',
      async ({ backend, context, put }) => {
        const bytes = sampleBytes(1000)
        const key = await put('range', bytes)
        const native = backend.capabilities.read.range !== undefined
        for (const range of [undefined, { from: 6 }, { from: 10, to: 20 }, { last: 7 }, { from: 990, to: 5000 }]) {
          if (range !== undefined && !native) continue
          const { entry, from, body } = await backend.read(context, key, { range })
          same(entry.size, 1000, 'reads: size of the entry is that of the whole object, not of the range')
          const came = await collect(body)
          sameBytes(
            came,
            bytes.subarray(from, from + came.byteLength),
            'reads: `from` is the offset of the first byte served',
          )
          const [wantedFrom, wantedTo] =
            range === undefined
              ? [0, 1000]
              : 'last' in range
                ? [1000 - range.last, 1000]
                : [range.from, Math.min(range.to ?? 1000, 1000)]
          holds(
            from <= wantedFrom && from + came.byteLength >= wantedTo,
            'reads: what was asked for is served',
            [wantedFrom, wantedTo],
            [from, from + came.byteLength],
          )
        }
        if (!native) return
        const beyond = backend.read(context, key, { range: { from: 1000 } })
        await rejects(beyond, 'InvalidRange', 'reads: a `from` at the end is InvalidRange')
      },
    ),
    bare('what is missing is NotFound, before any body', async ({ backend, context, key }) => {
      await rejects(
        backend.read(context, key('missing'), {}),
        'NotFound',
        'reads: NotFound comes before the first chunk',
      )
      await rejects(backend.stat(context, key('missing'), {}), 'NotFound', 'entries: a missing object is NotFound')
    }),
    bare(
      'a listing keeps to its pages, gives sizes, and nothing twice',
      async (at) => {
        const names = Array.from({ length: 11 }, (_, index) => `n-${String(index).padStart(2, '0')}`)
        for (const name of [...names, 'dir/below', 'dir/more']) await at.put(name, sampleBytes(5))
        await at.put('../beside', sampleBytes(5)).catch(() => undefined)
        const pages = await pagesOf(at, { limit: 4 })
        const entries = pages.flatMap((page) => page.entries)
        for (const page of pages)
          holds(page.entries.length <= 4, 'lists: a page has at most `limit` entries', 4, page.entries.length)
        const found = entries.map(({ kind, key }) => `${kind} ${key}`)
        same(found.toSorted(), [...new Set(found)].toSorted(), 'lists: no entry comes twice')
        same(found.length, 12, 'lists: what is directly in a directory')
        for (const entry of entries)
          holds(entry.kind !== 'file' || entry.size === 5, 'lists: sizes are always given', 5, entry)
        if (at.backend.capabilities.list?.ordered === 'native') inOrder(entries.map(({ key }) => key))
      },
      ['list'],
    ),
    bare(
      'what a listing declares to be native, it does',
      async (at) => {
        const can = at.backend.capabilities.list
        for (const name of ['a', 'b', 'b-1', 'c/1', 'c/2', 'd']) await at.put(name, sampleBytes(3))
        const keys = (pages: Page[]): string[] =>
          pages.flatMap((page) => page.entries.filter(({ kind }) => kind === 'file').map(({ key }) => key))
        if (can?.after !== undefined) {
          const rest = keys(await pagesOf(at, { after: at.key('b') }))
          same(rest.toSorted(), [at.key('b-1'), at.key('d')], 'lists: `after` is exclusive')
        }
        if (can?.recursive !== undefined) {
          const found = keys(await pagesOf(at, { recursive: true }))
          same(found.length, 6, 'lists: recursive gives all files')
          if (can.ordered === 'native') inOrder(found)
          same(keys(await pagesOf(at, { recursive: true }, 'c')).length, 2, 'lists: recursive gives what is below')
        }
        if (can?.cursor === true) {
          const [first] = await pagesOf(at, { limit: 2 })
          holds(first?.cursor !== undefined, 'lists: a page that is not the last has a cursor', 'a cursor', first)
          const rest = await pagesOf(at, { limit: 2, cursor: first.cursor })
          const together = [first, ...rest].flatMap((page) => page.entries.map(({ kind, key }) => `${kind} ${key}`))
          same(together.length, 5, 'lists: a cursor continues after its page')
          same(new Set(together).size, 5, 'lists: a cursor continues after its page')
        }
      },
      ['list'],
    ),
    bare('conditions that are declared native are kept', async ({ backend, context, put }) => {
      const { read, write, delete: remove } = backend.capabilities
      const key = await put('kept', sampleBytes(10))
      const { etag } = await backend.stat(context, key, {})
      const other = '"another-etag"'
      if (read.ifMatch === 'native') {
        const stale = backend.read(context, key, { ifMatch: other })
        await rejects(stale, 'ConditionFailed', 'conditions: a read with a failed ifMatch is ConditionFailed')
      }
      if (read.ifNoneMatch === 'native') {
        const unchanged = backend.read(context, key, { ifNoneMatch: etag })
        await rejects(unchanged, 'NotModified', 'conditions: a failed ifNoneMatch is NotModified')
      }
      const source = bytesSource(sampleBytes(20))
      if (write?.ifAbsent === 'native') {
        const work = async (): Promise<unknown> => backend.write?.(context, key, source, { ifAbsent: true })
        await rejects(work, 'AlreadyExists', 'conditions: a failed ifAbsent is AlreadyExists')
      }
      if (write?.ifMatch === 'native') {
        const work = async (): Promise<unknown> => backend.write?.(context, key, source, { ifMatch: other })
        await rejects(work, 'ConditionFailed', 'conditions: a failed ifMatch is ConditionFailed')
      }
      if (remove?.ifMatch === 'native') {
        const work = async (): Promise<unknown> => backend.delete?.(context, key, { ifMatch: other })
        await rejects(work, 'ConditionFailed', 'conditions: a failed ifMatch is ConditionFailed')
      }
      same((await backend.stat(context, key, {})).size, 10, 'conditions: a failed condition changes nothing')
    }),
    bare(
      'a one-shot source is opened once, at its beginning, and read to its end',
      async ({ backend, context, key, put }) => {
        await put('warm', sampleBytes(1))
        const stream = watchedStream((index) => (index < 4 ? sampleBytes(50_000, index) : undefined))
        const opened: number[] = []
        const source: Source = {
          ...(backend.capabilities.write?.unknownSize === undefined ? { size: 200_000 } : {}),
          open(from) {
            opened.push(from)
            return opened.length === 1 ? stream : null
          },
        }
        await backend.write?.(context, key('one-shot'), source, {})
        same(opened, [0], 'writes: a one-shot source is opened once, at 0')
        holds(stream.ended, 'writes: a source is read to its end', 'ended', 'not ended')
      },
    ),
    bare("a source's own failure is thrown as it came", async ({ backend, context, key, put }) => {
      await put('warm', sampleBytes(1))
      const failure = new RangeError('of the source')
      const source = { ...oneShot(failing(sampleBytes(200_000), 100_000, failure)), size: 200_000 }
      const came = await rejection(
        backend.write?.(context, key('fails'), source, {}) ?? Promise.resolve(),
        'writes: it fails',
      )
      holds(came === failure, "writes: the source's own failure is thrown as it came", failure, came)
    }),
    bare(
      'deleteMany gives one result for each key, delete takes what is absent',
      async ({ backend, context, key, put }) => {
        const keys = [await put('1', sampleBytes(1)), key('absent'), await put('2', sampleBytes(1))]
        if (backend.capabilities.ops.deleteMany !== undefined) {
          const results = await all(backend.deleteMany?.(context, keys) ?? [])
          same(results.map((result) => result.key).toSorted(), keys.toSorted(), 'deletes: one result for each key')
        }
        await backend.delete?.(context, key('absent'), {})
      },
      ['delete'],
    ),
    bare(
      'a move onto itself does nothing',
      async ({ backend, context, put }) => {
        if (backend.capabilities.ops.move !== 'native') return
        const key = await put('self', sampleBytes(10))
        await backend.move?.(context, key, key, {})
        sameBytes(
          await collect((await backend.read(context, key, {})).body),
          sampleBytes(10),
          'moves: onto itself nothing happens',
        )
      },
      ['move'],
    ),
    bare('every rejection is a StorageError', async ({ backend, context, key, put }) => {
      const there = await put('there', sampleBytes(10))
      const { read, write } = backend.capabilities
      const works: (() => Promise<unknown> | undefined)[] = [
        () => backend.stat(context, key('missing'), {}),
        () => backend.read(context, key('missing'), {}),
      ]
      if (read.range) works.push(() => backend.read(context, there, { range: { from: 99 } }))
      if (write?.ifAbsent)
        works.push(() => backend.write?.(context, there, bytesSource(sampleBytes(1)), { ifAbsent: true }))
      for (const work of works) {
        const error = await rejection(Promise.resolve(work()), 'errors: a failure rejects')
        if (!isStorageError(error)) throw broken('errors: every rejection is a StorageError', 'a StorageError', error)
      }
    }),
    bare('a body that was not read is freed by return()', async ({ scene, backend, context, put }) => {
      const key = await put('unread', sampleBytes(3 * 2 ** 20))
      const before = await scene.subject.handles?.()
      for (let round = 0; round < 3; round++) {
        const { body } = await backend.read(context, key, {})
        if (body instanceof Uint8Array) return
        const iterator = body[Symbol.asyncIterator]()
        await iterator.next()
        await iterator.return?.()
      }
      const now = await scene.subject.handles?.()
      holds((now ?? 0) <= (before ?? 0), 'cancelling: return() frees what a body holds before it resolves', before, now)
    }),
    bare('streams of unknown length are taken where that is declared', async ({ backend, context, key, put }) => {
      if (backend.capabilities.write?.unknownSize !== 'native') return
      await put('warm', sampleBytes(1))
      const bytes = sampleBytes(300_000)
      await backend.write?.(context, key('unknown'), oneShot(inChunks(bytes)), {})
      sameBytes(await collect((await backend.read(context, key('unknown'), {})).body), bytes, 'writes: unknown length')
    }),
  ],
}

function inOrder(keys: readonly string[]): void {
  for (const [index, key] of keys.entries()) {
    const before = keys[index - 1]
    if (before !== undefined)
      holds(compareKeys(before, key) <= 0, 'order: by the UTF-8 bytes of the key', `${before} first`, key)
  }
}
