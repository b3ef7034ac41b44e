import { errorCode, parseKey, storageError, utf8Length } from '@kit/core'
import type { Attributes, Backend, Capabilities, Context, Entry, Key, Page, UploadToken } from '@kit/core'
import { rangeHeader, readResponse } from '@kit/core/http'
import { asProblem } from '@kit/client'
import { contentGroups } from './content-groups.ts'
import { attributeHeaders, attributeJson, conditionTag, entryOf } from './entries.ts'
import { keyPath, type KitClient } from './kit-client.ts'
import { storageErrorOf } from './kit-errors.ts'

/** Bytes of keys in one request to delete several: servers take 1 MiB of JSON, where a character may need six. */
const deleteBytes = 150_000

/** How many uploads are known without asking. */
const uploadsMax = 10_000

/** What a GET answers when the bytes are wanted as they are stored, with the entry beside them. */
const objectType = 'application/vnd.kit.object'

/** A store of another Kit. `below`: the directory there that is the root here; '' for the store's own. */
export function kitBackend(client: KitClient, capabilities: Capabilities, below: string): Backend {
  const there = (key: string): string => (below === '' ? key : key === '' ? below : `${below}/${key}`)
  const here = (entry: Entry): Entry => {
    if (below === '') return entry
    if (entry.key === below) return { ...entry, key: '' }
    if (entry.key.startsWith(`${below}/`)) return { ...entry, key: entry.key.slice(below.length + 1) }
    throw storageError('Corrupt', `the server tells of ${JSON.stringify(entry.key)}, which is not in ${below}`)
  }
  const entry = (value: unknown): Entry => here(entryOf(value))
  const pageMax = capabilities.list?.pageMax ?? 1000
  /** Keys of uploads, by their ids. */
  const uploads = new Map<string, string>()

  /** What the server would drop without a word, or do without a promise that was made here. */
  async function requireKept(context: Context, attributes: Attributes, atomic = true): Promise<void> {
    const { write } = await client.remote(context)
    const given = capabilities.write?.attributes.filter((name) => attributes[name] !== undefined) ?? []
    const lost = given.filter((name) => write?.attributes.includes(name) !== true)
    if (lost.length > 0) throw storageError('Unsupported', `the store behind the server keeps no ${lost.join(', ')}`)
    if (atomic && capabilities.write?.atomic !== undefined && write?.atomic === undefined) {
      const text = 'writes of the store behind the server can be seen half done'
      throw storageError('Unsupported', `${text}: to write all the same, give its \`capabilities\``)
    }
  }

  async function change(context: Context, method: string, path: string, json: object): Promise<Entry> {
    return entry(await client.ask(context, method, path, 'entry', { json }))
  }

  /** Where an upload is. The server knows its key by the id alone; a token that says another one was made up. */
  async function uploadPath(context: Context, { key, state }: UploadToken): Promise<string> {
    const id: unknown = Reflect.get(Object(state), 'id')
    if (typeof id !== 'string' || !/^[\w.~-]{1,8192}$/.test(id))
      throw storageError('NotFound', 'the token is none of this store')
    const path = `/uploads/${encodeURIComponent(id)}`
    const real = uploads.get(id) ?? tokenOf(await client.ask(context, 'GET', path, 'upload')).key
    if (real !== key) throw storageError('NotFound', 'the token belongs to an upload of another key')
    return path
  }

  const tokenOf = (value: unknown): UploadToken => {
    const member = (name: string): unknown => Reflect.get(Object(value), name)
    const [id, key, partBytes, expires, sourceVersion] = ['id', 'key', 'partBytes', 'expires', 'sourceVersion'].map(
      member,
    )
    if (typeof id !== 'string' || typeof key !== 'string' || typeof partBytes !== 'number') {
      throw storageError('Corrupt', 'the server gave what is no upload')
    }
    const own = here({ kind: 'file', key }).key
    if (uploads.size >= uploadsMax) uploads.clear()
    uploads.set(id, own)
    return {
      key: own,
      partBytes,
      expires: typeof expires === 'string' ? expires : undefined,
      sourceVersion: typeof sourceVersion === 'string' ? sourceVersion : undefined,
      state: { id },
    }
  }

  /** Pages that the server cuts, each with where it goes on. */
  async function* pages(
    context: Context,
    query: Parameters<KitClient['lines']>[2],
    from?: string,
  ): AsyncGenerator<Page> {
    for (let cursor = from; ;) {
      const asked = { query: { ...query, cursor } }
      const response = await client.send(context, 'GET', '/objects', asked)
      const json = await client.json(context, response)
      const entries = listOf(json, 'entries').map(entry)
      const next: unknown = Reflect.get(json, 'next')
      cursor = typeof next === 'string' ? next : undefined
      yield cursor === undefined ? { entries } : { entries, cursor }
      if (cursor === undefined) return
    }
  }

  return {
    capabilities,
    ...contentGroups(client),

    async stat(context, key, { version }) {
      if (key === '' && below === '') return { kind: 'directory', key }
      return entry(await client.ask(context, 'GET', keyPath('entries', there(key)), 'entry', { query: { version } }))
    },

    async read(context, key, { range, ifMatch, ifNoneMatch, version }) {
      const headers = {
        accept: objectType,
        'cache-control': 'no-cache',
        range: rangeHeader(range),
        'if-match': conditionTag(ifMatch),
        'if-none-match': conditionTag(ifNoneMatch),
      }
      const response = await client.send(context, 'GET', keyPath('objects', there(key)), {
        headers,
        query: { version },
      })
      const result = await readResponse(context, response, key)
      return { ...result, entry: told(response, result.entry, key) }
    },

    async write(context, key, source, { ifAbsent, ifMatch, hashes, ...attributes }) {
      await requireKept(context, attributes)
      const headers = {
        ...attributeHeaders(attributes, hashes),
        'if-none-match': ifAbsent === true ? '*' : undefined,
        'if-match': conditionTag(ifMatch),
      }
      return entry(await client.ask(context, 'PUT', keyPath('objects', there(key)), 'entry', { headers, source }))
    },

    async *list(context, directory, { recursive, after, cursor, limit = pageMax, want }) {
      // A file of the other machine is none of this one.
      const fields = want?.filter((name) => name !== 'kind' && name !== 'key' && name !== 'file') ?? []
      const query = {
        prefix: there(directory),
        recursive,
        ordered: capabilities.list?.ordered !== undefined,
        after: after === undefined ? undefined : there(after),
        want: fields.length === 0 ? undefined : fields.join(','),
      }
      if (capabilities.list?.cursor === true) yield* pages(context, { ...query, limit }, cursor)
      else
        for await (const { entries } of client.lines(context, '/objects', query, limit)) {
          yield { entries: entries.map(here) }
        }
    },

    async delete(context, key, { ifMatch, version }) {
      const headers = { 'if-match': conditionTag(ifMatch) }
      await client.tell(context, 'DELETE', keyPath('objects', there(key)), { headers, query: { version } })
    },

    async *deleteMany(context, keys) {
      for (const some of batches(keys, (key) => there(key))) {
        const json = { keys: some.map((key) => there(key)) }
        const items = await client.ask(context, 'POST', '/delete', 'items', { json })
        for (const key of some) {
          const item: unknown = Reflect.get(Object(items), there(key))
          if (Reflect.get(Object(item), 'success') === true) yield { key }
          else {
            const problem = asProblem(Reflect.get(Object(item), 'error'))
            const unsaid = storageError('Unexpected', 'the server does not say what became of it', { applied: 'maybe' })
            yield { key, error: problem === undefined ? unsaid : storageErrorOf(problem) }
          }
        }
      }
    },

    async copy(context, from, to, { ifAbsent, ifMatch, fromEtag }) {
      const conditions = { ifAbsent, ifMatch: conditionTag(ifMatch), fromEtag: conditionTag(fromEtag) }
      return change(context, 'POST', '/copy', { from: there(from), to: there(to), ...conditions })
    },

    async move(context, from, to, { ifAbsent, ifMatch }) {
      return change(context, 'POST', '/move', {
        from: there(from),
        to: there(to),
        ifAbsent,
        ifMatch: conditionTag(ifMatch),
      })
    },

    async append(context, key, source, { at }) {
      const asked = { query: { at }, source }
      return entry(await client.ask(context, 'POST', keyPath('append', there(key)), 'entry', asked))
    },

    async update(context, key, attributes) {
      await requireKept(context, attributes, false)
      return change(context, 'PATCH', keyPath('entries', there(key)), attributeJson(attributes))
    },

    async url(context, key, { method, expiresInSeconds, contentType }) {
      const json = { key: there(key), method, expiresInSeconds, contentType }
      const answer = await client.json(context, await client.send(context, 'POST', '/url', { json, changes: false }))
      const [url, headers]: unknown[] = [Reflect.get(answer, 'url'), Reflect.get(answer, 'headers')]
      if (typeof url !== 'string') throw storageError('Corrupt', 'the server gave no url')
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the API's own word for it: names and values
      return headers === undefined ? { url } : { url, headers: headers as Record<string, string> }
    },

    async *versions(context, key) {
      const json = await client.json(context, await client.send(context, 'GET', keyPath('versions', there(key))))
      yield { entries: listOf(json, 'entries').map(entry) }
    },

    async usage(context) {
      const usage = await client.ask(context, 'GET', '/usage', 'usage')
      const number = (name: string): number | undefined => {
        const value: unknown = Reflect.get(Object(usage), name)
        return typeof value === 'number' ? value : undefined
      }
      return {
        usedBytes: number('usedBytes'),
        totalBytes: number('totalBytes'),
        freeBytes: number('freeBytes'),
        objects: number('objects'),
      }
    },

    ping: (context) => client.tell(context, 'POST', '/ping', { changes: false }),

    directories: {
      async make(context, directory) {
        const key = there(directory)
        if (key !== '') await client.tell(context, 'POST', '/directories', { json: { key } })
      },
      remove: (context, directory) => client.tell(context, 'DELETE', keyPath('directories', there(directory))),
    },

    links: {
      make: (context, key, target) => client.tell(context, 'POST', '/links', { json: { key: there(key), target } }),
    },

    upload: {
      async start(context, key, { size, sourceVersion, ifAbsent, ifMatch, ...attributes }) {
        await requireKept(context, attributes, false)
        const conditions = { ifAbsent, ifMatch: conditionTag(ifMatch) }
        const json = { key: there(key), size, sourceVersion, ...conditions, attributes: attributeJson(attributes) }
        return tokenOf(await client.ask(context, 'POST', '/uploads', 'upload', { json }))
      },
      async part(context, token, number, source) {
        await client.tell(context, 'PUT', `${await uploadPath(context, token)}/parts/${number}`, { source })
      },
      async parts(context, token) {
        const json = await client.json(context, await client.send(context, 'GET', await uploadPath(context, token)))
        return listOf(json, 'parts').map((part) => {
          const [number, size]: unknown[] = [Reflect.get(Object(part), 'number'), Reflect.get(Object(part), 'size')]
          if (typeof number === 'number' && typeof size === 'number') return { number, size }
          throw storageError('Corrupt', 'the server gave what is no part of an upload')
        })
      },
      async finish(context, token) {
        return entry(await client.ask(context, 'POST', `${await uploadPath(context, token)}/finish`, 'entry'))
      },
      async abort(context, token) {
        try {
          await client.tell(context, 'DELETE', await uploadPath(context, token))
        } catch (error) {
          // One that is over, or never was, holds no parts.
          if (errorCode(error) !== 'NotFound') throw error
        }
      },
      async *list(context) {
        const json = await client.json(context, await client.send(context, 'GET', '/uploads'))
        for (const upload of listOf(json, 'uploads')) {
          const key: unknown = Reflect.get(Object(upload), 'key')
          if (below === '' || (typeof key === 'string' && key.startsWith(`${below}/`))) yield tokenOf(upload)
        }
      },
    },
  }
}

/** The entry that came beside the bytes; from a server that gave none, what the headers tell for certain. */
function told(response: Response, { size, etag }: Entry, key: string): Entry {
  const header = response.headers.get('x-kit-entry')
  if (header === null) return { kind: 'file', key, size, etag }
  let value: unknown
  try {
    value = JSON.parse(decodeURIComponent(header))
  } catch (error) {
    throw storageError('Corrupt', 'the server tells of the object what is no JSON', { cause: error })
  }
  return { ...entryOf({ kind: 'file', ...Object(value), key }) }
}

function listOf(json: object, name: string): readonly unknown[] {
  const list: unknown = Reflect.get(json, name)
  if (Array.isArray(list)) return list
  throw storageError('Corrupt', `the server gave no ${name}`)
}

function* batches(keys: readonly Key[], there: (key: string) => string): Generator<Key[]> {
  let batch: Key[] = []
  let bytes = 0
  for (const key of keys) {
    bytes += utf8Length(there(key))
    if (batch.length > 0 && bytes > deleteBytes) {
      yield batch
      batch = []
      bytes = utf8Length(there(key))
    }
    batch.push(key)
  }
  if (batch.length > 0) yield batch
}

/** The directory that a `prefix` names. @throws InvalidKey */
export function directoryOf(prefix: string | undefined): string {
  return parseKey((prefix ?? '').replace(/\/$/, ''))
}
