import { request, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http'
import { connect } from 'node:net'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly text: string
  /** What the server says went wrong; '' where nothing did. */
  readonly code: string
  json(): Record<string, unknown>
}

export interface Question {
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string | Uint8Array
}

/** One request with exactly this path: nothing is normalised on the way. */
export function ask(
  base: string,
  method: string,
  path: string,
  { headers = {}, body }: Question = {},
): Promise<Answer> {
  const { hostname, port } = new URL(base)
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
    const options = { hostname, port, method, path, headers: { ...length, ...headers }, agent: false }
    const asking = request(options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const whole = Buffer.concat(chunks)
        const text = whole.toString()
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: whole,
          text,
          code: String(response.headers['x-kit-error'] ?? ''),
          json: () => JSON.parse(text) as Record<string, unknown>,
        })
      })
    })
    asking.on('error', reject)
    asking.end(body)
  })
}

/** One request with a JSON body. */
export function askJson(
  base: string,
  method: string,
  path: string,
  body: unknown,
  headers: OutgoingHttpHeaders = {},
): Promise<Answer> {
  return ask(base, method, path, {
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

/** Sends these bytes and gives what comes back until the server closes, or nothing has come for `quietMs`. */
export function sendRaw(base: string, bytes: string | Uint8Array, quietMs = 2_000): Promise<string> {
  const { hostname, port } = new URL(base)
  return new Promise((resolve) => {
    let received = ''
    const socket = connect(Number(port), hostname, () => socket.write(bytes))
    const done = (): void => {
      socket.destroy()
      resolve(received)
    }
    socket.setTimeout(quietMs, done)
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
    })
    socket.on('error', done)
    socket.on('close', done)
  })
}
