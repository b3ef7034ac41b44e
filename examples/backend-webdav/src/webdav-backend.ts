import { parentKey, storageError, type Backend, type Capabilities, type Context, type Entry, type Key } from '@kit/core'
import { rangeHeader, readResponse } from '@kit/core/http'
import type { webdavClient } from './webdav-client.ts'

// rclone's server shows control characters as others, and `‛` is how it quotes those.
const forbidden = `${String.fromCharCode(...Array(32).keys()).slice(1)}\x7f‛`

export const capabilities = {
  ops: { write: 'native', list: 'native', delete: 'native', copy: 'native', move: 'native', directories: 'native' },
  etag: 'strong',
  read: { range: 'native', ifMatch: 'native', ifNoneMatch: 'native' },
  // Not `atomic`: servers show a PUT while it goes on, and keep what came of a broken one. Not `ifMatch`: they may ignore it.
  write: { durable: 'process', conditionScope: 'store', unknownSize: 'native', parents: 'required', attributes: [] },
  copy: { ifAbsent: 'native' },
  move: { ifAbsent: 'native', replaces: 'gap' },
  list: { pageMax: 1000, fields: ['size', 'etag', 'modified'] },
  keys: { maxBytes: 2048, segmentMaxBytes: 255, forbidden, caseSensitive: true, unicode: 'nfc' },
  directories: 'real',
  consistent: { read: true, list: true },
  hints: { concurrency: 16 },
} as const satisfies Capabilities

export function webdavBackend(client: ReturnType<typeof webdavClient>): Backend {
  const look = async (context: Context, key: Key): Promise<Entry | undefined> =>
    (await Array.fromAsync(client.find(context, key, '0'))).flat()[0]

  async function stat(context: Context, key: Key): Promise<Entry> {
    const entry = await look(context, key)
    if (entry === undefined) throw storageError('NotFound', 'there is no such resource')
    return entry
  }

  /** Looks first: COPY and MOVE take whole directories along, and a directory that they land on is gone. */
  function land(method: 'COPY' | 'MOVE'): NonNullable<Backend['copy']> {
    return async (context, from, to, { ifAbsent }) => {
      if (from === to) return
      const [source, target] = await Promise.all([stat(context, from), look(context, to), stat(context, parentKey(to))])
      if (source.kind === 'directory' || target?.kind === 'directory') throw storageError('IsDirectory', 'files only')
      const headers = { destination: client.urlOf(to), overwrite: ifAbsent ? 'F' : 'T' }
      await client.send(context, method, from, { headers })
    }
  }

  return {
    capabilities,
    stat,
    async read(context, key, { range, ifMatch, ifNoneMatch }) {
      const headers = { range: rangeHeader(range), 'if-match': ifMatch, 'if-none-match': ifNoneMatch }
      return readResponse(context, await client.send(context, 'GET', key, { headers }), key)
    },
    write: async (context, key, source) => void (await client.send(context, 'PUT', key, { source })),
    async *list(context, directory, { limit = capabilities.list.pageMax }) {
      for await (const found of client.find(context, directory, '1')) {
        const entries = found.filter(({ key }) => key !== directory)
        for (let at = 0; at < entries.length; at += limit) yield { entries: entries.slice(at, at + limit) }
      }
    },
    async delete(context, key) {
      const there = await look(context, key)
      if (there?.kind === 'directory') throw storageError('IsDirectory', 'DELETE would take all that is in it')
      await client.send(context, 'DELETE', key, { accept: [404] })
    },
    copy: land('COPY'),
    move: land('MOVE'),
    directories: {
      async make(context, directory) {
        const there = await look(context, directory)
        if (there?.kind === 'file') throw storageError('AlreadyExists', 'there is a file')
        if (there !== undefined || directory === '') return
        await this.make(context, parentKey(directory))
        await client.send(context, 'MKCOL', directory, { accept: [405] })
      },
      async remove(context, directory) {
        if ((await stat(context, directory)).kind === 'file') throw storageError('NotDirectory', 'it is a file')
        for await (const found of client.find(context, directory, '1'))
          if (found.some(({ key }) => key !== directory)) throw storageError('NotEmpty', 'it holds something')
        await client.send(context, 'DELETE', directory)
      },
    },
  }
}
