import createOpenapiClient, { type Client } from 'openapi-fetch'
import type { components, paths } from './api.ts'
import { connect, fillPath, type ClientOptions, type ServerInfo } from './connection.ts'
import { jobsOf, type Jobs } from './jobs.ts'
import { listEntries, type ListOptions } from './listing.ts'
import {
  readObject,
  writeObject,
  type ObjectBody,
  type ObjectReading,
  type ReadOptions,
  type WriteOptions,
} from './objects.ts'

/** One object, as far as its store tells it. */
export type Entry = components['schemas']['Entry']

/**
 * A server of Kit, from Node and from browsers. Every rejection is a `KitApiError`; nothing is repeated by itself. Before the first
 * request the server is asked which API it speaks: a newer one is refused by its number.
 */
export interface KitClient {
  /** Every JSON route by its path, typed by the server's description: `client.api.GET('/api/v1/stores')`. A failure is thrown, so `data` is there. */
  readonly api: Client<paths>
  /** Copies, moves, syncs and checks that the server does by itself. */
  readonly jobs: Jobs
  /** Who answers. */
  hello(signal?: AbortSignal): Promise<ServerInfo>
  /** What is in a directory, entry by entry as it arrives. */
  list(store: string, options?: ListOptions): AsyncGenerator<Entry>
  /** The bytes of an object as a web stream. */
  read(store: string, key: string, options?: ReadOptions): Promise<ObjectReading>
  /** Writes an object, all or nothing. */
  write(store: string, key: string, body: ObjectBody, options?: WriteOptions): Promise<Entry>
}

/** A client of one server; nothing is sent before the first call. */
export function createClient(options: ClientOptions): KitClient {
  const connection = connect(options)
  const api = createOpenapiClient<paths>({
    baseUrl: connection.base,
    fetch: (request) => connection.ask(request),
    pathSerializer: fillPath,
  })
  return {
    api,
    jobs: jobsOf(connection, api),
    hello: (signal) => connection.hello(signal),
    list: (store, listed = {}) => listEntries<Entry>(connection, store, listed),
    read: (store, key, read = {}) => readObject(connection, store, key, read),
    async write(store, key, body, write = {}) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the API says is in the answer
      return (await writeObject(connection, store, key, body, write)) as Entry
    },
  }
}
