/** What every request passes before its route: who asks, whether that is too much, and what is counted and logged of it. */
import cors from '@fastify/cors'
import rateLimit from '@fastify/rate-limit'
import { storageError } from '@kit/core'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { authenticator, unauthenticated } from '../access/authenticate.ts'
import { failures, networkOf } from '../access/failures.ts'
import type { TokenSource } from '../access/open-tokens.ts'
import { guard } from '../guard.ts'
import type { Limits } from '../limits.ts'
import { clients, stopping } from './clients.ts'
import { exchanges, type EndedExchange, type Exchanges } from './exchange.ts'
import { tells } from './lazy-log.ts'
import type { ServerMetrics } from './metrics.ts'

export interface FrontOptions {
  /** Gives every answer what all of them have. */
  prepare(request: FastifyRequest, reply: FastifyReply): void
  readonly hosts: readonly string[]
  readonly origins: readonly string[]
  readonly secure: boolean
  readonly token: string | undefined
  readonly tokens: TokenSource | undefined
  readonly readOnly: boolean
  readonly limits: Limits
  readonly metrics: ServerMetrics | undefined
}

const minuteMs = 60_000

/**
 * In this order, whoever comes through: counted, asked for its form, host and origin (`onRequest`; answers to preflights of allowed origins
 * too), for its token (`preParsing`, so that an answer to an allowed origin can be read by it, whatever it is), for its rate (`preHandler`).
 */
export function front(app: FastifyInstance, options: FrontOptions): Exchanges {
  const { limits, metrics } = options
  const present = clients(limits)
  const clientOf = new WeakMap<FastifyRequest, string>()
  const admit = guard({ ...options, maxHeaders: limits.maxHeaders })
  const authenticate = authenticator({ ...options, failures: failures(limits.authFailuresPerMinute) })
  const told = tells(app.log, 'info')
  let isStopping = false

  const watched = exchanges((exchange, request) => {
    present.leave(clientOf.get(request))
    metrics?.ended(exchange)
    if (told) tell(request, exchange)
    // Nothing more comes over a connection that is kept: whoever stops would wait for it.
    if (isStopping) setImmediate(() => app.server.closeIdleConnections())
  })

  app.decorateRequest('access')
  app.addHook('onRequest', (request, reply, done) => {
    options.prepare(request, reply)
    request.access = unauthenticated
    watched.begin(request, reply)
    present.enter()
    if (isStopping) throw stopping()
    admit(request)
    done()
  })
  if (options.origins.length > 0) allowOrigins(app, options.origins)
  app.addHook('preParsing', (request, _reply, _payload, done) => {
    if (!isHealth(request)) {
      request.access = authenticate(request)
      const client = request.access.id ?? networkOf(request.ip)
      clientOf.set(request, client)
      present.admit(client)
    }
    done()
  })
  if (limits.ratePerMinute > 0) limitRate(app, limits.ratePerMinute)
  app.addHook('preClose', (done) => {
    isStopping = true
    done()
  })
  metrics?.addGauge('kit_http_requests_in_progress', 'Requests that have not been answered yet', '', () => ({
    all: present.inProgress,
  }))
  return watched
}

/** The line that each request gets: what it was and who asked, not what for. */
function tell({ log, access }: FastifyRequest, exchange: EndedExchange): void {
  const { method, route, status, seconds, received, sent } = exchange
  log.info({ method, route, status, ms: Math.round(seconds * 1000), received, sent, tokenId: access.id }, 'request')
}

function isHealth({ routeOptions }: FastifyRequest): boolean {
  return routeOptions.config.operation === 'health'
}

/** Headers that a page of another origin may see, besides the few that it always may. */
const exposed = [
  'accept-ranges',
  'content-disposition',
  'content-encoding',
  'content-range',
  'etag',
  'location',
  'repr-digest',
  'retry-after',
  'x-kit-entry',
  'x-kit-error',
  'x-request-id',
]

function allowOrigins(app: FastifyInstance, origins: readonly string[]): void {
  void app.register(cors, {
    origin: [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: exposed,
    maxAge: 600,
    // What is no preflight goes to the routes.
    strictPreflight: false,
  })
}

function limitRate(app: FastifyInstance, perMinute: number): void {
  void app.register(rateLimit, { global: false, cache: 10_000 })
  let check: ReturnType<FastifyInstance['createRateLimit']> | undefined
  app.after(() => {
    check = app.createRateLimit({
      max: perMinute,
      timeWindow: minuteMs,
      keyGenerator: (request) => request.access.id ?? networkOf(request.ip),
    })
  })
  app.addHook('preHandler', async (request) => {
    if (check === undefined || isHealth(request)) return
    const rate = await check(request)
    if (rate.isAllowed || !rate.isExceeded) return
    throw storageError('RateLimited', `one client has at most ${perMinute} requests a minute`, {
      retryAfterMs: rate.ttl,
    })
  })
}
