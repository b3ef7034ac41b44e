/** Serves stores over HTTP: what `npm start` runs. */
import { networkInterfaces } from 'node:os'
import { isStorageError } from '@kit/core'
import type { FastifyInstance } from 'fastify'
import { createServer } from './app.ts'
import { isLoopback, readArguments, shellWord, usage, type Settings } from './arguments.ts'
import { loopbackHosts } from './guard.ts'
import { openStores, type OpenedStores } from './opened-stores.ts'

/** How long transfers in progress may take when the server is told to stop. */
const graceMs = 10_000

try {
  const settings = readArguments(process.argv.slice(2), process.env)
  if (settings.help) console.log(usage)
  else await start(settings)
} catch (error) {
  console.error(isStorageError(error) ? error.message.replace(/^InvalidConfig: /, '') : error)
  process.exitCode = 1
}

async function start(settings: Settings): Promise<void> {
  // The stores come first, and tell what they have to tell once there is a log.
  let app: FastifyInstance | undefined
  const stores = await openStores(settings.config, (level, message, fields) => app?.log[level](fields ?? {}, message))
  app = createServer({
    stores,
    token: settings.token,
    hosts: allowedHosts(settings),
    logger: { level: settings.logLevel, stream: process.stderr },
  })
  stopOnSignals(app, stores)
  try {
    await app.listen({ host: settings.host, port: settings.port })
  } catch (error) {
    await app.close()
    await stores.close()
    console.error(whyNotListening(settings, error))
    process.exitCode = 1
    return
  }
  console.log(greeting(app, settings, stores))
}

/** On every interface of this machine, the server goes by all of its addresses. */
function allowedHosts({ host, allowHosts }: Settings): string[] {
  const addresses = ['0.0.0.0', '::'].includes(host)
    ? Object.values(networkInterfaces()).flatMap((found) => found?.map(({ address }) => address) ?? [])
    : [host]
  return [...loopbackHosts, ...addresses.map(inUrl), ...allowHosts]
}

function inUrl(address: string): string {
  return address.includes(':') && !address.startsWith('[') ? `[${address}]` : address
}

function whyNotListening({ host, port }: Settings, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE') {
    return `port ${port} of ${host} is taken by another program: stop that one, or choose another port with --port N or PORT=N`
  }
  if (code === 'EACCES') return `this user may not listen on port ${port}: choose one above 1023 with --port N`
  if (code === 'EADDRNOTAVAIL') return `this machine has no address ${host}: choose another with --host`
  return `cannot listen on ${host}, port ${port}: ${error instanceof Error ? error.message : String(error)}`
}

/** Where the server is, and three commands that show what it does. */
function greeting(app: FastifyInstance, settings: Settings, stores: OpenedStores): string {
  const address = app.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : settings.port
  const host = isLoopback(settings.host) || ['0.0.0.0', '::'].includes(settings.host) ? '127.0.0.1' : settings.host
  const own = settings.host === '::1' || settings.host === 'localhost' ? settings.host : host
  const root = `http://${inUrl(own)}:${port}`
  const [name = ''] = stores.names()
  const objects = `${root}/api/v1/stores/${encodeURIComponent(name)}/objects`
  const curl =
    settings.tokenInShell === undefined ? 'curl -sS' : `curl -sS -H "Authorization: Bearer ${settings.tokenInShell}"`
  const hello = shellWord(`${objects}/hello.txt`)
  return [
    `Kit serves ${stores.described}`,
    `listening on ${root}`,
    '',
    'Try:',
    `  echo 'Hello from Kit' | ${curl} -T - ${hello}`,
    `  ${curl} ${hello}`,
    `  ${curl} ${shellWord(objects)}`,
  ].join('\n')
}

/** Accepts nothing more, lets transfers end, closes the stores. A second signal does not wait for the transfers. */
function stopOnSignals(app: FastifyInstance, stores: OpenedStores): void {
  let stopping = false
  const stop = (): void => {
    if (stopping) {
      app.server.closeAllConnections()
      return
    }
    stopping = true
    const timer = setTimeout(() => app.server.closeAllConnections(), graceMs)
    const close = async (): Promise<void> => {
      await app.close()
      clearTimeout(timer)
      await stores.close()
      process.exitCode = 0
    }
    close().catch((error: unknown) => {
      console.error(error)
      process.exitCode = 1
    })
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop)
}
