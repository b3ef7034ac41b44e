import { randomBytes, randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { catalogue } from '@kit/core'
import {
  fastify,
  LogController,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
} from 'fastify'
import type { TokenSource } from './access/open-tokens.ts'
import { refusal, sendFailure } from './answers.ts'
import { failureHandler } from './failure-handler.ts'
import { loopbackHosts } from './guard.ts'
import { defaultLimits, type Limits } from './limits.ts'
import { createJobs } from './jobs/jobs.ts'
import { defaultJobLimits, type JobLimits } from './jobs/job-limits.ts'
import { describeApi } from './openapi.ts'
import { routes } from './routes.ts'
import { front } from './service/front.ts'
import { lazyLog } from './service/lazy-log.ts'
import type { ServerMetrics } from './service/metrics.ts'
import { minVersion, type TlsMaterial } from './service/tls.ts'
import type { Services } from './services.ts'
import type { StoreSource } from './stores.ts'
import { allowedMethods } from './wire/allowed-methods.ts'
import { createSeal } from './wire/seal.ts'

export interface ServerOptions {
  /** Opened and closed by whoever gives them. */
  readonly stores: StoreSource
  /** A token that may do everything. With it, or with `tokens`, every request but `GET /health` must bring one, as `Authorization: Bearer …`. */
  readonly token?: string | undefined
  /** Tokens that may do what each of them says. */
  readonly tokens?: TokenSource | undefined
  /** Nothing may be changed, whatever a token allows. */
  readonly readOnly?: boolean | undefined
  /** Names that the server may be asked for by, without port. Default: those of the loopback interface. */
  readonly hosts?: readonly string[] | undefined
  /** Origins of pages that may use it, such as `https://app.example.org`. Default: its own only. */
  readonly origins?: readonly string[] | undefined
  /** Speaks TLS with these, 1.2 or later. Default: plain HTTP. */
  readonly tls?: TlsMaterial | undefined
  /** What is counted, for `GET /metrics`. Default: nothing, and there is no such route. */
  readonly metrics?: ServerMetrics | undefined
  /** Signs ids of uploads and cursors, so that they outlive the server: 32 secret bytes or more. Default: random, of this run. */
  readonly uploadKey?: Uint8Array | undefined
  readonly jobs?: Partial<JobLimits> | undefined
  /** The store that `/api/v0` serves, the part of Kubo's API that is here. Default: none, and it is refused. */
  readonly ipfsStore?: string | undefined
  /** Once it fires, jobs are cancelled: the time of grace is over before its end. */
  readonly giveUp?: AbortSignal | undefined
  readonly limits?: Partial<Limits> | undefined
  /** As Fastify takes it. Default: no log. */
  readonly logger?: FastifyServerOptions['logger'] | undefined
}

/** A server over these stores, not yet listening. */
export function createServer(options: ServerOptions): FastifyInstance {
  const limits = { ...defaultLimits, ...options.limits }
  const http = {
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headersTimeoutMs,
    connectionsCheckingInterval: Math.min(5_000, limits.headersTimeoutMs),
  }
  const settings: FastifyServerOptions = {
    logger: options.logger ?? false,
    genReqId: ({ headers }) => requestId(headers['x-request-id']),
    // Its own lines tell URLs, which tell keys and whatever stands in a query.
    childLoggerFactory: lazyLog,
    logController: new LogController({ requestIdLogLabel: 'requestId', disableRequestLogging: true }),
    exposeHeadRoutes: false,
    return503OnClosing: false,
    keepAliveTimeout: limits.keepAliveMs,
    // A body may take as long as it makes progress.
    requestTimeout: 0,
    routerOptions: { maxParamLength: limits.maxHeaderBytes },
    rewriteUrl: ({ url = '', headers }) => originForm(url, headers.host),
    frameworkErrors: (error, request, reply) => {
      const failed = error.code === 'FST_ERR_BAD_URL' ? refusal('InvalidKey', 'the percent-encoding is none') : error
      prepare(request, reply)
      void sendFailure(request, reply, failed)
    },
    clientErrorHandler(error, socket) {
      refuseConnection(error, socket, watched.answering(socket))
    },
  }
  const { tls } = options
  const app = fastify(
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only the type of its server differs, which has all that we use
    (tls === undefined ? { ...settings, http } : { ...settings, https: { ...http, ...tls, minVersion } }) as object,
  )
  app.server.maxConnections = limits.maxConnections
  // Node drops what is beyond; the guard counts and refuses instead.
  app.server.maxHeadersCount = 0
  // The routes that want a body say so; everyone else answers first.
  app.server.on('checkContinue', (request, response) => app.server.emit('request', request, response))

  // Nothing reads a body but the route that wants it.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))

  const watched = front(app, {
    prepare,
    hosts: options.hosts ?? loopbackHosts,
    origins: options.origins ?? [],
    secure: tls !== undefined,
    token: options.token,
    tokens: options.tokens,
    readOnly: options.readOnly === true,
    limits,
    metrics: options.metrics,
  })
  app.setErrorHandler(failureHandler(limits))
  const allowed = allowedMethods(app)
  app.setNotFoundHandler((request) => {
    allowed.requireMethod(request)
    throw refusal('NotFound', `there is no route ${request.method} ${request.url.split('?', 1)[0]}`)
  })

  const jobs = createJobs({ ...defaultJobLimits, ...options.jobs }, ({ request, state }) =>
    options.metrics?.jobEnded(request.kind, state),
  )
  options.metrics?.addGauge('kit_jobs', 'Jobs that run, and jobs that wait', 'state', () => jobs.counts())
  options.giveUp?.addEventListener('abort', () => jobs.cancelAll('the server stops at once'), { once: true })
  const services: Services = {
    stores: options.stores,
    limits,
    jobs,
    kuboStore: options.ipfsStore,
    seal: createSeal(options.uploadKey ?? randomBytes(32)),
    metrics: options.metrics,
  }
  app.addHook('preClose', (done) => {
    void jobs.close()
    done()
  })
  app.addHook('onClose', () => jobs.close())
  describeApi(app)
  void app.register(routes, services)
  return app
}

/** The client's own id where it is a harmless one. */
function requestId(given: string | string[] | undefined): string {
  return typeof given === 'string' && /^[\w.~-]{1,128}$/.test(given) ? given : madeId()
}

// Unlike any other server's, and cheap: nobody is kept out by not knowing one.
const runId = randomUUID().slice(0, 24)
let requests = 0

function madeId(): string {
  requests++
  return runId + requests.toString(16).padStart(12, '0')
}

function prepare(request: FastifyRequest, reply: FastifyReply): void {
  reply.headers({
    'x-request-id': request.id,
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
    'content-security-policy': "default-src 'none'",
  })
}

/** `GET http://this.server/path` is `GET /path`; a target for another server is left as it is, and refused. */
function originForm(url: string, host: string | undefined): string {
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/i.exec(url)
  if (absolute === null || absolute[1]?.toLowerCase() !== host?.toLowerCase()) return url
  const path = absolute[2] ?? ''
  return path.startsWith('/') ? path : `/${path}`
}

/** Answers what is not even a request, unless another answer is on its way over the same connection. */
function refuseConnection(error: NodeJS.ErrnoException, socket: Socket, current: ServerResponse | undefined): void {
  const answering = current?.headersSent === true && !current.writableFinished
  if (error.code === 'ECONNRESET' || !socket.writable || answering) {
    socket.destroy()
    return
  }
  const known: Readonly<Record<string, readonly [status: string, code: 'TooLarge' | 'Timeout']>> = {
    HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'TooLarge'],
    ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'Timeout'],
  }
  const [status, code] = known[error.code ?? ''] ?? ['400 Bad Request', 'InvalidConfig' as const]
  const body = JSON.stringify({
    success: false,
    operation: 'request',
    timestamp: new Date().toISOString(),
    correlation_id: randomUUID(),
    error: {
      code,
      message: `${code}: this is no HTTP request that can be read`,
      hint: catalogue[code].hint,
      retry: 'never',
    },
  })
  const head = [
    `HTTP/1.1 ${status}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'X-Content-Type-Options: nosniff',
    `X-Kit-Error: ${code}`,
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}
