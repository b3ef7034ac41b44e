import { createServer, request as httpRequest } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import type { Answer, FaultState, Injection } from './faults.ts'
import { resetSocket } from './reset-socket.ts'

export interface RequestRecord {
  readonly method: string
  readonly url: string
  /** What the client was answered; `reset` when the connection was broken instead, undefined while it waits. */
  readonly outcome: number | 'reset' | undefined
  /** True when the answer was not the target's own. */
  readonly injected: boolean
}

export interface Target {
  readonly host: string
  readonly port: number
}

/** An HTTP/1.1 server that forwards to the target and replaces the answers that the faults name. Not yet listening. */
export function httpInjector(target: Target, state: FaultState, records: RequestRecord[]): Server {
  const handle = (request: IncomingMessage, response: ServerResponse, awaitsContinue: boolean): void => {
    const { method = 'GET', url = '/', headers } = request
    const index = records.push({ method, url, outcome: undefined, injected: false }) - 1
    const record = (outcome: number | 'reset', injected: boolean): void => {
      records[index] = { method, url, outcome, injected }
    }
    const injection = state.injectionFor({ method, url, headers })
    // An answer made up here comes instead of the invitation to send the body.
    if (awaitsContinue && (injection === undefined || injection.forward === true)) response.writeContinue()
    const work =
      injection === undefined
        ? passOn(request, response, target, record)
        : inject(injection, request, response, target, record)
    work.catch(() => {
      record('reset', injection !== undefined)
      resetSocket(request.socket)
    })
  }
  const server = createServer({ keepAliveTimeout: 60_000, requestTimeout: 0 }, (request, response) => {
    handle(request, response, false)
  })
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => handle(request, response, true))
  return server
}

type Recorder = (outcome: number | 'reset', injected: boolean) => void

async function passOn(
  request: IncomingMessage,
  response: ServerResponse,
  target: Target,
  record: Recorder,
): Promise<void> {
  const answer = await forward(request, response, target)
  const status = answer.statusCode ?? 502
  record(status, false)
  response.sendDate = false
  response.writeHead(status, answer.statusMessage, answer.rawHeaders)
  response.flushHeaders()
  await pipeline(answer, response)
}

async function inject(
  injection: Injection,
  request: IncomingMessage,
  response: ServerResponse,
  target: Target,
  record: Recorder,
): Promise<void> {
  const { answer } = injection
  const real = injection.forward === true ? await wholeAnswer(request, response, target) : undefined
  if (real === undefined) request.resume()
  if (answer === 'reset') throw new Error('the connection is to be broken')
  if (typeof answer !== 'function') return send(answer)
  if (real === undefined) throw new Error('an answer made of the real one needs forward: true')
  send(answer(real))

  function send(chosen: Answer): void {
    const body = Buffer.from(chosen.body ?? '')
    record(chosen.status, true)
    // An answer to HEAD has no body, yet its own Content-Length.
    const length = request.method === 'HEAD' ? {} : { 'content-length': String(body.length) }
    response.writeHead(chosen.status, { ...chosen.headers, ...length })
    response.end(request.method === 'HEAD' ? undefined : body)
  }
}

async function wholeAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  target: Target,
): Promise<{ status: number; headers: Record<string, string>; body: Buffer }> {
  const answer = await forward(request, response, target)
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(answer.headers)) {
    if (name === 'transfer-encoding' || name === 'connection' || name === 'keep-alive') continue
    if (value !== undefined) headers[name] = typeof value === 'string' ? value : value.join(', ')
  }
  return { status: answer.statusCode ?? 502, headers, body: await buffer(answer) }
}

/** Sends the request on with its head as it came, so that signatures over it stay true. */
function forward(request: IncomingMessage, response: ServerResponse, target: Target): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const onward = httpRequest({
      ...target,
      method: request.method,
      path: request.url,
      headers: request.rawHeaders,
      setDefaultHeaders: false,
      agent: false,
    })
    // A PUT without body and length has none to be sent in chunks.
    onward.useChunkedEncodingByDefault = false
    onward.on('response', (answer) => {
      // Nothing more goes to a target that has answered. A client that listens only once it has sent all may still send the rest.
      answer.on('end', () => {
        request.unpipe(onward)
        request.resume()
      })
      resolve(answer)
    })
    onward.on('error', reject)
    // A client that goes away takes its request with it.
    response.on('close', () => {
      if (!response.writableFinished) onward.destroy(new Error('the client has gone'))
    })
    request.on('error', (error) => onward.destroy(error))
    request.pipe(onward)
  })
}
