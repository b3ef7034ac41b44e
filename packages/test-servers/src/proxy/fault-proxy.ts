import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { faultState } from './faults.ts'
import type { Faults, FaultState } from './faults.ts'
import { httpInjector } from './http-injector.ts'
import type { RequestRecord, Target } from './http-injector.ts'
import { openLane } from './lane.ts'
import { resetSocket } from './reset-socket.ts'

export interface FaultProxyOptions {
  /** A TCP server, or the address of an HTTP server such as `http://127.0.0.1:9000`. */
  readonly target: Target | string
  /** Understands plain HTTP/1.1, which `inject` and `requests` need. Default: false. */
  readonly http?: boolean | undefined
}

export interface FaultProxy extends AsyncDisposable {
  readonly host: string
  readonly port: number
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string
  /** Sets the named faults and leaves the others. They bind open connections too. */
  set(faults: Faults): Promise<void>
  /** Lifts all faults. */
  reset(): Promise<void>
  /** Connections of clients: those open now, and all since the start. */
  readonly connections: { readonly open: number; readonly total: number }
  /** All requests since the start, in the order of their arrival; empty without `http: true`. */
  readonly requests: readonly RequestRecord[]
  /** Breaks what is open and closes. Stopping twice is harmless. */
  stop(): Promise<void>
}

/** Starts a proxy on loopback that passes bytes to the target until it is told to do worse. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const state = faultState()
  const requests: RequestRecord[] = []
  const target = typeof options.target === 'string' ? parse(options.target) : options.target
  const injector = options.http === true ? httpInjector(target, state, requests) : undefined
  const inner = injector === undefined ? target : { host: '127.0.0.1', port: await listen(injector, 0) }

  const sockets = new Set<Socket>()
  const open = new Set<Socket>()
  let total = 0
  const listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    total++
    open.add(client)
    const upstream = connect({ ...inner, allowHalfOpen: true, noDelay: true })
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
    }
    client.on('close', () => open.delete(client))
    join(client, upstream, state)
  })
  const port = await listen(listener, 0)

  async function obeyRefuse(): Promise<void> {
    if (state.current.refuse === true && listener.listening) {
      // Its callback would wait for the open connections; the port is free at once.
      listener.close()
      await new Promise((resolve) => setImmediate(resolve))
    } else if (state.current.refuse !== true && !listener.listening) await listen(listener, port)
  }

  let stopping: Promise<void> | undefined
  async function close(): Promise<void> {
    state.change()
    listener.close()
    injector?.close()
    for (const socket of sockets) socket.destroy()
    injector?.closeAllConnections()
    while (sockets.size > 0) await new Promise((resolve) => setImmediate(resolve))
  }
  const stop = (): Promise<void> => (stopping ??= close())

  return {
    host: '127.0.0.1',
    port,
    endpoint: `http://127.0.0.1:${port}`,
    async set(faults) {
      if (faults.inject !== undefined && injector === undefined)
        throw new TypeError('inject needs a proxy with http: true')
      state.change(faults)
      await obeyRefuse()
    },
    async reset() {
      state.change()
      await obeyRefuse()
    },
    get connections() {
      return { open: open.size, total }
    },
    requests,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

function join(client: Socket, upstream: Socket, state: FaultState): void {
  const up = openLane('up', client, upstream, state, () => {
    // Whoever waits for bytes that are held back and hangs up has given up: half-open is for the unhurried.
    if (down.stalled()) upstream.destroy()
    if (down.stalled() || up.stalled()) client.destroy()
  })
  const down = openLane('down', upstream, client, state, () => {})
  client.on('error', () => resetSocket(upstream))
  upstream.on('error', () => resetSocket(client))
  client.on('close', () => {
    // What has been sent still arrives; the connection itself is over.
    void up.done.then(() => upstream.destroy())
  })
}

function parse(address: string): Target {
  const { hostname, port } = new URL(address)
  return { host: hostname, port: Number(port) }
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no port')
  return address.port
}
