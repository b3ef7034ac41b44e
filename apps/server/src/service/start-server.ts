import { networkInterfaces } from 'node:os'
import { resolve } from 'node:path'
import { storageError, trace, type Span } from '@kit/core'
import type { KitOptions } from '@kit/manager'
import type { FastifyInstance } from 'fastify'
import { openTokens, type OpenedTokens } from '../access/open-tokens.ts'
import { createServer } from '../app.ts'
import { isLoopback, loopbackHosts } from '../guard.ts'
import { openStores, type OpenedStores } from '../opened-stores.ts'
import { logOptions, type Log } from './log.ts'
import { serverMetrics } from './metrics.ts'
import type { ServerSettings } from './settings.ts'
import { stateFolderBeside, tokenFileIn, uploadKeyIn } from './state-folder.ts'
import { openTls, type OpenedTls } from './tls.ts'

/** A server that listens. */
export interface RunningServer {
  /** `http://127.0.0.1:8000`: where this machine reaches it. */
  readonly url: string
  /** What it serves, for the terminal. */
  readonly described: string
  /** Of its stores. */
  readonly names: readonly string[]
  /** What whoever started it should know, a sentence each. */
  readonly warnings: readonly string[]
  /** Reads certificate and tokens again, as it does by itself when their files change. What is wrong with them is told to the log. */
  reload(): Promise<void>
  /** Takes nothing new, gives transfers the grace time, closes the stores. Closing twice is no error. */
  close(): Promise<void>
  /** Breaks every transfer off, jobs too; for whoever does not want to wait for `close`. */
  abort(): void
}

/** What the program that starts a server brings. */
export interface StartOptions {
  /** Plugins for types of stores that no installed package provides. Default: content, fs and memory. */
  readonly builtIn?: KitOptions['builtIn']
}

/** Opens stores, tokens and certificate, and listens. @throws InvalidConfig with what to do */
export async function startServer(settings: ServerSettings, { builtIn }: StartOptions = {}): Promise<RunningServer> {
  // What is opened first tells what it has to tell once there is a log.
  let app: FastifyInstance | undefined
  const log: Log = (level, message, fields) => app?.log[level](fields ?? {}, message)
  const metrics = serverMetrics()
  const giveUp = new AbortController()
  const opened: { close(): Promise<void> | void }[] = []
  const closeOpened = async (): Promise<void> => {
    for (const one of opened.toReversed()) await one.close()
  }
  try {
    // Where nobody sees it, nothing is told of each call.
    const traced = ['debug', 'trace'].includes(settings.logLevel) ? [trace((span) => tellCall(log, span))] : []
    const stores = await openStores(settings, { log, layers: [metrics.layer, ...traced], builtIn })
    opened.push(stores)
    const stateFolder = resolve(settings.stateFolder ?? stateFolderBeside(stores.configPath))
    const uploadKey = await uploadKeyIn(stateFolder)
    const tokens = await openTokens(settings.tokens, tokenFileIn(stateFolder), log)
    opened.push(tokens)
    requireTokens(settings, tokens)
    const tls = settings.tls === undefined ? undefined : await openTls(settings.tls, log)
    if (tls !== undefined) opened.push(tls)
    app = createServer({
      stores,
      ipfsStore: ipfsStoreOf(settings, stores),
      token: settings.token,
      tokens,
      readOnly: settings.readOnly,
      hosts: allowedHosts(settings),
      origins: settings.allowOrigins,
      limits: settings.limits,
      jobs: { graceMs: settings.graceMs },
      giveUp: giveUp.signal,
      tls: tls?.material(),
      metrics,
      uploadKey,
      logger: logOptions(settings.logLevel, settings.token === undefined ? [] : [settings.token]),
    })
    await listen(app, settings)
    tls?.serve(app.server)
    return running(app, settings, { stores, tokens, tls, giveUp, closeOpened })
  } catch (error) {
    await app?.close()
    await closeOpened()
    throw error
  }
}

/** @throws InvalidConfig */
function ipfsStoreOf({ ipfsStore }: ServerSettings, stores: OpenedStores): string | undefined {
  if (ipfsStore === undefined || stores.names().includes(ipfsStore)) return ipfsStore ?? stores.ipfsStore
  throw storageError(
    'InvalidConfig',
    `--ipfs-store names ${ipfsStore}, and the stores are ${stores.names().join(', ')}`,
  )
}

/** A call of a store, under the id of the request that it was for. */
function tellCall(log: Log, { operation, store, requestId, durationMs, code }: Span): void {
  log('debug', 'store call', { requestId, store, operation, ms: Math.round(durationMs), ...(code && { code }) })
}

interface Opened {
  readonly stores: OpenedStores
  readonly tokens: OpenedTokens
  readonly tls: OpenedTls | undefined
  /** Ends what would go on without a connection. */
  readonly giveUp: AbortController
  closeOpened(): Promise<void>
}

/** After the time of grace: what has just been cancelled tells so over its connection. */
const lastWordsMs = 500

function running(app: FastifyInstance, settings: ServerSettings, opened: Opened): RunningServer {
  const { stores, tokens, tls, giveUp, closeOpened } = opened
  const abort = (): void => {
    giveUp.abort()
    app.server.closeAllConnections()
  }
  const close = async (): Promise<void> => {
    const timer = setTimeout(abort, settings.graceMs + lastWordsMs)
    try {
      await app.close()
    } finally {
      clearTimeout(timer)
      await closeOpened()
    }
  }
  let closed: Promise<void> | undefined
  return {
    url: urlOf(app, settings),
    described: stores.described,
    names: stores.names(),
    warnings: [...stores.warnings, ...warningsFor(settings, tokens)],
    async reload() {
      await Promise.all([tokens.reload(), tls?.reload()])
    },
    close: () => (closed ??= close()),
    abort,
  }
}

/** Nobody is let in from elsewhere without saying who they are. @throws InvalidConfig */
function requireTokens({ host, token }: ServerSettings, tokens: OpenedTokens): void {
  if (isLoopback(host) || token !== undefined || tokens.current() !== undefined) return
  throw storageError(
    'InvalidConfig',
    `--host ${host} lets other machines in, so requests must bring a token: make one with \`kit token add\`, set KIT_TOKEN or give --token-file`,
  )
}

function warningsFor({ host, tls, token }: ServerSettings, tokens: OpenedTokens): string[] {
  if (tls !== undefined || isLoopback(host)) return []
  const secret = token !== undefined || tokens.current() !== undefined ? 'tokens and data' : 'data'
  return [
    `${host} is reached over plain HTTP: whoever is on the way reads ${secret}. Give --tls-cert and --tls-key, or put a proxy with TLS before it`,
  ]
}

async function listen(app: FastifyInstance, { host, port }: ServerSettings): Promise<void> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    const why: Readonly<Record<string, string>> = {
      EADDRINUSE: `port ${port} of ${host} is taken by another program: stop that one, or choose another port with --port N or PORT=N`,
      EACCES: `this user may not listen on port ${port}: choose one above 1023 with --port N`,
      EADDRNOTAVAIL: `this machine has no address ${host}: choose another with --host`,
    }
    const other = `cannot listen on ${host}, port ${port}: ${error instanceof Error ? error.message : String(error)}`
    throw storageError('InvalidConfig', why[String(code)] ?? other, { cause: error })
  }
}

/** On every interface of this machine, the server goes by all of its addresses. */
function allowedHosts({ host, allowHosts }: ServerSettings): string[] {
  const addresses = isEverywhere(host)
    ? Object.values(networkInterfaces()).flatMap((found) => found?.map(({ address }) => address) ?? [])
    : [host]
  return [...loopbackHosts, ...addresses.map(inUrl), ...allowHosts]
}

function isEverywhere(host: string): boolean {
  return ['0.0.0.0', '::'].includes(host)
}

function inUrl(address: string): string {
  return address.includes(':') && !address.startsWith('[') ? `[${address}]` : address
}

function urlOf(app: FastifyInstance, { host, port, tls }: ServerSettings): string {
  const address = app.server.address()
  const listening = typeof address === 'object' && address !== null ? address.port : port
  const asIs = host === '::1' || host === 'localhost' || !(isLoopback(host) || isEverywhere(host))
  return `${tls === undefined ? 'http' : 'https'}://${inUrl(asIs ? host : '127.0.0.1')}:${listening}`
}
