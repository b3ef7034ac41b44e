import type { Backend, Change, Content, Entry, Handle, Key, ListOptions, Page, UploadToken } from '../backend/index.ts'
import { storageError } from '../errors/index.ts'
import { asKey } from '../keys/key.ts'
import { sendSource } from './send.ts'

/** How names pass between core and a backend. */
export interface NameMapping {
  raw(key: Key): Key
  key(raw: string): Key
  entry(given: Entry): Entry
  maybe(given: Entry | void): Entry | void
  pages(given: AsyncIterable<Page>): AsyncIterable<Page>
  options(options: ListOptions): ListOptions
}

type Rest = Omit<Backend, 'capabilities' | 'stat' | 'read'>

/** Every operation of a backend but `stat` and `read`, with its names mapped; what the backend lacks stays absent. */
export function mapOperations(backend: Backend, names: NameMapping): Rest {
  const { raw, key, entry, maybe, pages, options: listOptions } = names
  const { write, list, delete: remove, deleteMany, batch, copy, move, append, update, url, versions } = bound(backend)
  const { changes, search, usage, ping, close, open } = bound(backend)
  const { upload, directories, links, blocks, content, pins, ipns } = backend
  const change = (given: Change): Change => {
    if ('write' in given) return { ...given, write: raw(given.write) }
    if ('delete' in given) return { delete: raw(given.delete) }
    return 'copy' in given ? { copy: raw(given.copy), to: raw(given.to) } : { move: raw(given.move), to: raw(given.to) }
  }
  const rest: { -readonly [Name in keyof Rest]: Rest[Name] } = { blocks, pins, ipns }
  const checks: readonly string[] = backend.capabilities.write?.checks ?? []
  if (write) {
    rest.write = async (context, name, source, options) => {
      const unchecked = Object.keys(options.hashes ?? {}).filter((hash) => !checks.includes(hash))
      if (unchecked.length > 0)
        throw storageError('Unsupported', `the store does not check ${unchecked.join(', ')}, and nothing else does`)
      return maybe(await sendSource(context, source, (derived, body) => write(derived, raw(name), body, options)))
    }
  }
  if (list) rest.list = (context, directory, options) => pages(list(context, raw(directory), listOptions(options)))
  if (remove) rest.delete = (context, name, options) => remove(context, raw(name), options)
  if (deleteMany) {
    rest.deleteMany = async function* (context, keys) {
      const given = new Map(keys.map((name) => [raw(name), name]))
      for await (const result of deleteMany(context, [...given.keys()])) {
        yield { ...result, key: given.get(result.key) ?? result.key }
      }
    }
  }
  if (batch) {
    rest.batch = async (context, changeList, options) =>
      (await batch(context, changeList.map(change), options)).map(entry)
  }
  if (copy) rest.copy = async (context, from, to, options) => maybe(await copy(context, raw(from), raw(to), options))
  if (move) rest.move = async (context, from, to, options) => maybe(await move(context, raw(from), raw(to), options))
  if (append) {
    rest.append = async (context, name, source, options) =>
      maybe(await sendSource(context, source, (derived, body) => append(derived, raw(name), body, options)))
  }
  if (update) rest.update = async (context, name, attributes) => maybe(await update(context, raw(name), attributes))
  if (url) rest.url = (context, name, options) => url(context, raw(name), options)
  if (versions) rest.versions = (context, name) => pages(versions(context, raw(name)))
  if (changes) {
    rest.changes = async function* (context, since) {
      for await (const notice of changes(context, since)) yield { ...notice, keys: notice.keys.map(key) }
    }
  }
  if (search) {
    rest.search = (context, query) =>
      pages(search(context, query.under === undefined ? query : { ...query, under: raw(query.under) }))
  }
  if (usage) rest.usage = usage
  if (ping) rest.ping = ping
  if (close) rest.close = close
  if (open) {
    rest.open = async (context, name, mode) => mapHandle(await open(context, raw(name), mode), entry)
  }
  if (upload) {
    const below = (token: UploadToken): UploadToken => ({ ...token, key: raw(asKey(token.key)) })
    const above = (token: UploadToken): UploadToken => ({ ...token, key: key(token.key) })
    rest.upload = {
      start: async (context, name, options) => above(await upload.start(context, raw(name), options)),
      part: (context, token, number, source) =>
        sendSource(context, source, (derived, body) => upload.part(derived, below(token), number, body)),
      parts: (context, token) => upload.parts(context, below(token)),
      finish: async (context, token) => maybe(await upload.finish(context, below(token))),
      abort: (context, token) => upload.abort(context, below(token)),
      ...(upload.list && {
        async *list(context) {
          for await (const token of upload.list?.(context) ?? []) yield above(token)
        },
      }),
    }
  }
  if (content) rest.content = withSentSources(content)
  if (directories) {
    rest.directories = {
      make: (context, directory) => directories.make(context, raw(directory)),
      remove: (context, directory) => directories.remove(context, raw(directory)),
    }
  }
  if (links) rest.links = { make: (context, name, target) => links.make(context, raw(name), target) }
  return rest
}

function withSentSources(content: Content): Content {
  const { put, car, importCar } = content
  return {
    read: (context, path, options) => content.read(context, path, options),
    stat: (context, path) => content.stat(context, path),
    list: (context, path) => content.list(context, path),
    ...(car && { car: (context, path, options) => car.call(content, context, path, options) }),
    ...(put && {
      put: (context, source, options) =>
        sendSource(context, source, (derived, body) => put.call(content, derived, body, options)),
    }),
    ...(importCar && {
      importCar: (context, source, options) =>
        sendSource(context, source, (derived, body) => importCar.call(content, derived, body, options)),
    }),
  }
}

/** The backend's functions with `this` kept. */
function bound(backend: Backend): Backend {
  return new Proxy(backend, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

function mapHandle(handle: Handle, entry: (given: Entry) => Entry): Handle {
  const { write, truncate, publish } = handle
  return {
    entry: entry(handle.entry),
    read: (context, into, at) => handle.read(context, into, at),
    ...(write ? { write: (context, from, at) => write.call(handle, context, from, at) } : {}),
    ...(truncate ? { truncate: (context, size) => truncate.call(handle, context, size) } : {}),
    ...(publish ? { publish: async (context, options) => entry(await publish.call(handle, context, options)) } : {}),
    close: () => handle.close(),
  }
}
