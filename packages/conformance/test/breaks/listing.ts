import { storageError, type Entry, type Key, type Page } from '@kit/core'
import { deaf, eachPage, listWith, onPages, without, type Broken } from './broken.ts'

async function every(pages: AsyncIterable<Page>): Promise<Entry[]> {
  const entries: Entry[] = []
  for await (const page of pages) entries.push(...page.entries)
  return entries
}

export const listing: readonly Broken[] = [
  {
    name: 'entries name a file of another store',
    caughtBy: /list: a file that an entry names/,
    breaks: eachPage((page) => ({
      ...page,
      entries: page.entries.map((entry) => ({ ...entry, file: { path: import.meta.filename, state: '', from: 0 } })),
    })),
  },
  {
    name: 'the first entry of each page comes twice',
    caughtBy: /list: pages have at most|contract: a listing keeps/,
    breaks: eachPage((page) => ({ ...page, entries: [...page.entries.slice(0, 1), ...page.entries] })),
  },
  {
    name: 'the last entry of each full page is lost',
    caughtBy: /list: pages have at most/,
    breaks: eachPage((page) => (page.cursor === undefined ? page : { ...page, entries: page.entries.slice(0, -1) })),
  },
  {
    name: 'only the first page is given',
    caughtBy: /list: pages have at most|list: a listing longer than a page/,
    breaks: onPages(async function* (pages) {
      for await (const page of pages) return yield page
    }),
  },
  {
    name: 'entries come in reverse though order is declared',
    caughtBy: /list: `ordered` gives/,
    breaks: onPages(async function* (pages) {
      yield { entries: (await every(pages)).toReversed() }
    }),
  },
  {
    name: 'the order is that of UTF-16 units',
    caughtBy: /list: `ordered` gives/,
    breaks: onPages(async function* (pages) {
      yield { entries: (await every(pages)).toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)) }
    }),
  },
  {
    name: '`after` is inclusive',
    caughtBy: /list: `after` leaves out/,
    breaks: (backend) => {
      const { list } = backend
      if (list === undefined) return backend
      return {
        ...backend,
        async *list(context, directory, options) {
          const { after } = options
          if (after === undefined) return yield* list(context, directory, options)
          for await (const page of list(context, directory, without(options, 'after'))) {
            yield { ...page, entries: page.entries.filter(({ key }) => key >= after) }
          }
        },
      }
    },
  },
  {
    name: '`after` is ignored',
    caughtBy: /list: `after` leaves out/,
    breaks: listWith((directory, options) => [directory, without(options, 'after')]),
  },
  {
    name: 'a cursor begins anew',
    caughtBy: /list: a cursor goes on/,
    breaks: listWith((directory, options) => [directory, without(options, 'cursor')]),
  },
  {
    name: 'a page that is not the last has no cursor',
    caughtBy: /list: a cursor goes on|contract: what a listing declares/,
    breaks: eachPage((page) => ({ entries: page.entries })),
  },
  {
    name: 'pages are longer than the limit',
    caughtBy: /list: pages have at most|contract: a listing keeps/,
    breaks: listWith((directory, options) => [directory, { ...options, limit: (options.limit ?? 10) + 1 }]),
  },
  {
    name: 'siblings of the same beginning are listed',
    caughtBy: /list: (names that sort before|a missing directory)/,
    breaks: (backend) => {
      const { list } = backend
      if (list === undefined) return backend
      return {
        ...backend,
        async *list(context, directory, options) {
          for await (const page of list(context, '' as Key, { ...options, recursive: true })) {
            yield { ...page, entries: page.entries.filter(({ key }) => key.startsWith(directory)) }
          }
        },
      }
    },
  },
  {
    name: 'sizes are left out',
    caughtBy: /list: every file is listed|contract: a listing keeps/,
    breaks: eachPage((page) => ({ ...page, entries: page.entries.map((entry) => without(entry, 'size')) })),
  },
  {
    name: 'declared fields are left out',
    caughtBy: /list: declared fields/,
    breaks: eachPage((page) => ({ ...page, entries: page.entries.map((entry) => without(entry, 'modified')) })),
  },
  {
    name: 'directories are not listed',
    caughtBy: /list: a directory lists/,
    breaks: eachPage((page) => ({ ...page, entries: page.entries.filter(({ kind }) => kind !== 'directory') })),
  },
  {
    name: 'a directory is listed for each object below it',
    caughtBy: /list: a directory lists/,
    breaks: onPages(async function* (pages, _, world) {
      for await (const page of pages) {
        const entries = page.entries.flatMap((entry) => {
          const below = [...world.nodes.keys()].filter((name) => name.startsWith(`${entry.key}/`)).length
          return entry.kind === 'directory' ? Array.from({ length: Math.max(1, below) }, () => entry) : [entry]
        })
        yield { ...page, entries }
      }
    }),
  },
  {
    name: 'a recursive listing ends at the second level',
    caughtBy: /list: a recursive listing/,
    breaks: listWith((directory, options) => [directory, without(options, 'recursive')]),
  },
  {
    name: 'a recursive listing leaves out empty directories',
    shape: 'tree',
    caughtBy: /directories: a directory is made/,
    breaks: onPages(async function* (pages, options) {
      for await (const page of pages) {
        yield options.recursive ? { ...page, entries: page.entries.filter(({ kind }) => kind !== 'directory') } : page
      }
    }),
  },
  {
    name: 'a missing directory is NotFound',
    caughtBy: /list: a missing directory/,
    breaks: onPages(async function* (pages) {
      const entries = await every(pages)
      if (entries.length === 0) throw storageError('NotFound', 'no such directory')
      yield { entries }
    }),
  },
  {
    name: 'a listing hears no abort',
    caughtBy: /abort: an aborted listing/,
    breaks: (backend) => {
      const { list } = backend
      return list
        ? { ...backend, list: (context, directory, options) => list(deaf(context), directory, options) }
        : backend
    },
  },
  {
    name: 'pages are counted by place, whatever changes',
    caughtBy: /list: what exists all through/,
    breaks: (backend) => {
      const { list } = backend
      if (list === undefined) return backend
      return {
        ...backend,
        async *list(context, directory, options) {
          const limit = options.limit ?? 50
          for (let at = 0; ; at += limit) {
            const now = await every(list(context, directory, without(options, 'limit')))
            yield { entries: now.slice(at, at + limit) }
            if (at + limit >= now.length) return
          }
        },
      }
    },
  },
  {
    name: 'a listing is answered from a cache that no change empties',
    caughtBy: /list: a new object is listed at once/,
    breaks: (backend) => {
      const kept = new Map<string, Entry[]>()
      const { list } = backend
      if (list === undefined) return backend
      return {
        ...backend,
        async *list(context, directory, options) {
          const name = JSON.stringify([directory, options])
          const entries = kept.get(name) ?? (await every(list(context, directory, options)))
          kept.set(name, entries)
          yield { entries }
        },
      }
    },
  },
  {
    name: 'temporaries of writes are listed',
    caughtBy: /atomic: while an object is/,
    breaks: onPages(async function* (pages, _, world) {
      for await (const page of pages) {
        const [first] = page.entries
        const directory = first?.key.split('/')[0] ?? ''
        const strays = [...world.temporaries].map((name): Entry => ({
          kind: 'file',
          key: `${directory}/.${name}`,
          size: 0,
        }))
        yield { ...page, entries: [...page.entries, ...(first ? strays : [])] }
      }
    }),
  },
]
