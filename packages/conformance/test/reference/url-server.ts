import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, type World } from './world.ts'

/** Serves signed links of a world; listens from the first link on. */
export class UrlServer implements AsyncDisposable {
  readonly #world: World
  readonly #signed = new Map<string, { readonly key: string; readonly method: string }>()
  #server: Promise<Server> | undefined

  constructor(world: World) {
    this.#world = world
  }

  async address(key: string, method: string): Promise<string> {
    this.#server ??= this.#listen()
    const { port } = (await this.#server).address() as AddressInfo
    const token = crypto.randomUUID()
    this.#signed.set(token, { key, method })
    return `http://127.0.0.1:${port}/${token}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const server = await this.#server
    server?.closeAllConnections()
    server?.close()
  }

  #listen(): Promise<Server> {
    const server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) =>
        response.destroy(error instanceof Error ? error : undefined),
      )
    })
    server.unref()
    return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('connection', 'close')
    const signed = this.#signed.get(request.url?.slice(1) ?? '')
    if (signed === undefined || signed.method !== request.method || request.headers['x-kit-signed'] !== 'yes') {
      response.writeHead(403).end()
    } else if (request.method === 'PUT') {
      this.#world.put(signed.key, join(await request.toArray()), {})
      response.end()
    } else {
      const node = this.#world.nodes.get(signed.key)
      if (node?.kind === 'file') response.end(node.bytes)
      else response.writeHead(404).end()
    }
  }
}
