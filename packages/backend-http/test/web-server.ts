import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'

export interface Web extends AsyncDisposable {
  readonly url: string
  /** `METHOD path`, with the headers. */
  readonly seen: { readonly line: string; readonly headers: IncomingMessage['headers'] }[]
}

/** A web server of the test's own making, for what no well-kept one does. */
export async function web(answer: RequestListener): Promise<Web> {
  const seen: Web['seen'] = []
  const server = createServer((request, response) => {
    seen.push({ line: `${request.method} ${request.url}`, headers: request.headers })
    answer(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Serves one body with ranges, as a good server would. */
export function good(body: string | Buffer, headers: Record<string, string> = {}): RequestListener {
  const bytes = Buffer.from(body)
  return (request: IncomingMessage, response: ServerResponse) => {
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
    const from = Number(range?.[1] ?? 0)
    const to = range?.[2] === undefined || range[2] === '' ? bytes.length : Math.min(Number(range[2]) + 1, bytes.length)
    if (range !== null) response.statusCode = 206
    response.setHeader('content-length', to - from)
    if (range !== null) response.setHeader('content-range', `bytes ${from}-${to - 1}/${bytes.length}`)
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    response.end(request.method === 'HEAD' ? undefined : bytes.subarray(from, to))
  }
}
