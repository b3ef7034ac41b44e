import { storageError } from '@kit/core'
import { createServer } from './app.ts'
import type { ServerMetrics } from './service/metrics.ts'
import type { StoreSource } from './stores.ts'

/** The document of a server with everything, without serving anything. */
export async function openApiDocument(): Promise<object> {
  const stores: StoreSource = {
    names: () => [],
    get: () => Promise.reject(storageError('NotFound', 'there are no stores')),
  }
  const app = createServer({ stores, metrics: noMetrics })
  await app.ready()
  const document = app.swagger()
  await app.close()
  return document
}

/** Counts nothing. */
const noMetrics: ServerMetrics = {
  layer: { name: 'none', attach: () => ({}) },
  contentType: 'text/plain',
  ended: () => undefined,
  jobEnded: () => undefined,
  addGauge: () => undefined,
  text: async () => '',
}
