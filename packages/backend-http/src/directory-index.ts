import {
  collect,
  errorCode,
  storageError,
  throwIfAborted,
  type Backend,
  type Context,
  type Entry,
  type Page,
} from '@kit/core'
import { readResponse } from '@kit/core/http'
import type { HttpClient } from './http-client.ts'
import { readIndex, type Listed } from './index-page.ts'

/** Some hundred thousand names. */
const indexBytesMax = 16 * 2 ** 20
/** How many objects are asked for their size at once. */
const looksAtOnce = 8

/**
 * What an index page of the server shows to be in a directory. Where it has no exact sizes, each file is asked for.
 * @throws TooLarge for a page of more than 16 MiB, Unsupported for one that is no index that is known.
 */
export async function* listDirectory(
  client: HttpClient,
  stat: Backend['stat'],
  context: Context,
  directory: string,
  limit: number,
): AsyncGenerator<Page> {
  const listed = await fetchIndex(client, context, directory)
  for (let at = 0; at < listed.length; at += limit) {
    throwIfAborted(context.signal)
    const entries = await described(listed.slice(at, at + limit))
    if (entries.length > 0) yield { entries }
  }

  async function described(some: readonly Listed[]): Promise<Entry[]> {
    const entries: (Entry | undefined)[] = []
    let next = 0
    const look = async (): Promise<void> => {
      for (let at = next++; at < some.length; at = next++) {
        const one = some[at]
        if (one !== undefined) entries[at] = await describe(one)
      }
    }
    await Promise.all(Array.from({ length: looksAtOnce }, look))
    return entries.filter((entry) => entry !== undefined)
  }

  async function describe({ name, kind, size, modified }: Listed): Promise<Entry | undefined> {
    const key = directory === '' ? name : `${directory}/${name}`
    if (kind === 'directory') return { kind, key }
    if (size !== undefined) return { kind, key, size, modified }
    try {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- one segment, as `readIndex` gives it, below a key
      return await stat(context, key as Parameters<Backend['stat']>[1], {})
    } catch (error) {
      const code = errorCode(error)
      // A page may name what has gone since, or what not everybody may see.
      if (code === 'NotFound') return undefined
      if (code === 'PermissionDenied') return { kind, key }
      throw error
    }
  }
}

async function fetchIndex(client: HttpClient, context: Context, directory: string): Promise<readonly Listed[]> {
  try {
    const accept = 'application/json, text/html;q=0.9, */*;q=0.1'
    const { response, url } = await client.getDirectory(context, directory, { accept })
    const { body } = await readResponse(context, response, directory)
    const bytes = await collect(body, indexBytesMax).catch((error: unknown) => {
      if (errorCode(error) !== 'TooLarge') throw error
      throw storageError('TooLarge', `the index page of the server has more than ${indexBytesMax} bytes`, {
        cause: error,
      })
    })
    const found = readIndex(new TextDecoder().decode(bytes), response.headers.get('content-type') ?? '', url)
    if (found !== undefined) return found
    throw storageError('Unsupported', 'what the server gives for the directory is no index page that is known')
  } catch (error) {
    if (errorCode(error) === 'NotFound') return []
    throw error
  }
}
