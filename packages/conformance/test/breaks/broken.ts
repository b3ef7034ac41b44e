import type { Backend, Context, Entry, Key, Page, ReadOptions, ReadResult, Source, WriteOptions } from '@kit/core'
import type { Subject } from '../../src/index.ts'
import type { Break, Shape } from '../reference/subject.ts'
import type { World } from '../reference/world.ts'

/** A backend with one thing wrong, and the cases that must notice. */
export interface Broken {
  readonly name: string
  /** Of the failed cases at least one has a name like this. */
  readonly caughtBy: RegExp
  /** Default: `flat`. */
  readonly shape?: Shape
  /** All stores on the same objects. */
  readonly shared?: true
  readonly breaks?: Break
  /** For what is wrong beside the backend. */
  readonly subject?: (subject: Subject) => Subject
}

type Write = NonNullable<Backend['write']>
type List = NonNullable<Backend['list']>

export function onWrite(
  change: (
    write: Write,
    context: Context,
    key: Key,
    source: Source,
    options: WriteOptions,
    world: World,
  ) => ReturnType<Write>,
): Break {
  return (backend, world) => {
    const { write } = backend
    if (write === undefined) return backend
    return { ...backend, write: (context, key, source, options) => change(write, context, key, source, options, world) }
  }
}

export function onRead(
  change: (
    read: Backend['read'],
    context: Context,
    key: Key,
    options: ReadOptions,
    world: World,
  ) => Promise<ReadResult>,
): Break {
  return (backend, world) => ({
    ...backend,
    read: (context, key, options) => change(backend.read, context, key, options, world),
  })
}

export function onPages(
  change: (pages: AsyncIterable<Page>, options: Parameters<List>[2], world: World) => AsyncIterable<Page>,
): Break {
  return (backend, world) => {
    const { list } = backend
    if (list === undefined) return backend
    return {
      ...backend,
      list: (context, directory, options) => change(list(context, directory, options), options, world),
    }
  }
}

export function eachPage(change: (page: Page) => Page): Break {
  return onPages(async function* (pages) {
    for await (const page of pages) yield change(page)
  })
}

/** Other arguments for every listing. */
export function listWith(change: (directory: Key, options: Parameters<List>[2]) => [Key, Parameters<List>[2]]): Break {
  return (backend) => {
    const { list } = backend
    if (list === undefined) return backend
    return { ...backend, list: (context, directory, options) => list(context, ...change(directory, options)) }
  }
}

/** Every entry of a file, wherever one comes out. */
export function onEntries(change: (entry: Entry) => Entry): Break {
  const file = (entry: Entry): Entry => (entry.kind === 'file' ? change(entry) : entry)
  const maybe = (entry: Entry | void): Entry | void => (entry === undefined ? undefined : file(entry))
  return (backend, world) => {
    const paged = eachPage((page) => ({ ...page, entries: page.entries.map(file) }))(backend, world)
    const { write } = backend
    return {
      ...paged,
      stat: async (...all) => file(await backend.stat(...all)),
      read: async (...all) => {
        const result = await backend.read(...all)
        return { ...result, entry: file(result.entry) }
      },
      ...(write && { write: async (...all: Parameters<Write>) => maybe(await write(...all)) }),
    }
  }
}

/** Every key is spelt otherwise on its way to the store. */
export function onKeys(change: (key: string) => string): Break {
  const other = (key: Key): Key => change(key) as Key
  return (backend) => {
    const { write, delete: remove, copy, move, append } = backend
    return {
      ...backend,
      stat: (context, key, options) => backend.stat(context, other(key), options),
      read: (context, key, options) => backend.read(context, other(key), options),
      ...(write && { write: (context, key, source, options) => write(context, other(key), source, options) }),
      ...(remove && { delete: (context, key, options) => remove(context, other(key), options) }),
      ...(copy && { copy: (context, from, to, options) => copy(context, other(from), other(to), options) }),
      ...(move && { move: (context, from, to, options) => move(context, other(from), other(to), options) }),
      ...(append && { append: (context, key, source, options) => append(context, other(key), source, options) }),
    }
  }
}

export function without<Value extends object, Name extends keyof Value>(value: Value, name: Name): Omit<Value, Name> {
  const { [name]: _, ...rest } = value
  return rest
}

export const later = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A signal that never aborts, in place of the caller's. */
export function deaf(context: Context): Context {
  return { signal: new AbortController().signal, requestId: context.requestId, attempt: 1, log: () => {} }
}
