import type { FastifyInstance } from 'fastify'
import { failureHandler } from './failure-handler.ts'
import { kuboFailure, kuboStatus } from './kubo/answers.ts'
import { appendRoutes } from './routes/append.ts'
import { blockRoutes } from './routes/blocks.ts'
import { collectionRoutes } from './routes/collection.ts'
import { contentRoutes } from './routes/content.ts'
import { contentListingRoutes } from './routes/content-listing.ts'
import { diffRoutes } from './routes/diff.ts'
import { entryRoutes } from './routes/entries.ts'
import { healthRoutes } from './routes/health.ts'
import { ipnsRoutes } from './routes/ipns.ts'
import { jobRoutes } from './routes/jobs.ts'
import { kuboRoutes } from './routes/kubo.ts'
import { listingRoutes } from './routes/listing.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { nameRoutes } from './routes/names.ts'
import { objectRoutes } from './routes/objects.ts'
import { pinRoutes } from './routes/pins.ts'
import { restoreRoutes } from './routes/restore.ts'
import { serverRoutes } from './routes/server.ts'
import { storeRoutes } from './routes/stores.ts'
import { transferRoutes } from './routes/transfers.ts'
import { partRoutes, uploadRoutes } from './routes/uploads.ts'
import type { Services } from './services.ts'
import { jsonScope } from './wire/json.ts'

/** Every route. Those that take bytes stand apart from those that take JSON, so that nothing looks at bytes but their handler. */
export async function routes(app: FastifyInstance, services: Services): Promise<void> {
  objectRoutes(app, services)
  appendRoutes(app, services)
  partRoutes(app, services)
  contentRoutes(app, services)
  blockRoutes(app, services)
  await app.register(async (scope) => {
    scope.setErrorHandler(failureHandler(services.limits, { body: kuboFailure, status: kuboStatus }))
    kuboRoutes(scope, services)
  })
  if (services.metrics !== undefined) metricsRoutes(app, services.metrics)
  await app.register(async (scope) => {
    const json = jsonScope(scope, services.limits)
    healthRoutes(json)
    serverRoutes(json)
    storeRoutes(json, services)
    listingRoutes(json, services)
    entryRoutes(json, services)
    transferRoutes(json, services)
    nameRoutes(json, services)
    uploadRoutes(json, services)
    contentListingRoutes(json, services)
    diffRoutes(json, services)
    pinRoutes(json, services)
    ipnsRoutes(json, services)
    collectionRoutes(json, services)
    restoreRoutes(json, services)
    jobRoutes(json, services)
  })
}
