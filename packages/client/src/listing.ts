import { brokenError, KitApiError } from './api-error.ts'
import { fillPath, type Connection } from './connection.ts'
import { readLines } from './ndjson.ts'
import { asProblem } from './problem.ts'

export interface ListOptions {
  /** The directory; the whole store without it. */
  readonly prefix?: string | undefined
  /** All files below, at any depth. */
  readonly recursive?: boolean | undefined
  /** By the UTF-8 bytes of the keys. */
  readonly ordered?: boolean | undefined
  /** Only keys after this one; makes the listing ordered. */
  readonly after?: string | undefined
  /** Entries at most, in all. */
  readonly limit?: number | undefined
  /** Fields to tell even where that costs more. */
  readonly want?: readonly string[] | undefined
  readonly signal?: AbortSignal | undefined
}

/** What is in a directory, as it arrives: nothing is held but one piece of the answer. Ending early frees the connection. */
export async function* listEntries<Entry>(
  connection: Connection,
  store: string,
  { signal, want, ...rest }: ListOptions,
): AsyncGenerator<Entry> {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries({ ...rest, want: want?.join(',') })) {
    if (value !== undefined) query.set(name, String(value))
  }
  const path = fillPath('/api/v1/stores/{store}/objects', { store })
  const headers = { accept: 'application/x-ndjson' }
  const init = signal === undefined ? { headers } : { headers, signal }
  const response = await connection.ask(new Request(`${connection.base}${path}?${query.toString()}`, init))
  try {
    for await (const values of readLines(response.body)) {
      for (const value of values) {
        const failed = Reflect.get(Object(value), 'success') === false
        const problem = failed ? asProblem(Reflect.get(Object(value), 'error')) : undefined
        if (problem !== undefined) throw new KitApiError(problem, { status: response.status })
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the API's own word: every other line is an entry
        yield value as Entry
      }
    }
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw brokenError(error, signal, false)
    throw new KitApiError({ code: 'Corrupt', message: 'the server lists what are no lines of JSON' }, { cause: error })
  }
}
