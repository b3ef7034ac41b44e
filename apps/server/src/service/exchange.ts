/** A request from its head to the end of its answer, and what is told of it then. */
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** What one request was, without anything that its client chose. */
export interface EndedExchange {
  readonly method: string
  /** The template, such as `/api/v1/stores/:store`; `none` where there is no such route. */
  readonly route: string
  /** `aborted` where the client went away before it had its answer. */
  readonly status: string
  readonly seconds: number
  /** Bytes of its connection, heads included. */
  readonly received: number
  readonly sent: number
}

export interface Exchanges {
  /** Calls `ended` once, however the request ends. */
  begin(request: FastifyRequest, reply: FastifyReply): void
  /** The answer that a connection gives now, or gave last. */
  answering(socket: Socket): ServerResponse | undefined
}

/** What a connection is at, and how much of it has been told of already. */
interface Connection {
  response: ServerResponse
  read: number
  written: number
}

export function exchanges(ended: (exchange: EndedExchange, request: FastifyRequest) => void): Exchanges {
  const connections = new WeakMap<Socket, Connection>()
  return {
    answering: (socket) => connections.get(socket)?.response,
    begin(request, reply) {
      const startedAt = performance.now()
      const { raw } = reply
      const { socket } = request.raw
      let connection = connections.get(socket)
      if (connection === undefined) {
        connection = { response: raw, read: 0, written: 0 }
        connections.set(socket, connection)
      } else connection.response = raw
      const counted = connection
      raw.once('close', () => {
        const { method, url } = request.routeOptions
        const { bytesRead, bytesWritten } = socket
        const exchange = {
          method: url === undefined || typeof method !== 'string' ? request.method : method,
          route: url ?? 'none',
          status: raw.writableFinished ? String(raw.statusCode) : 'aborted',
          seconds: (performance.now() - startedAt) / 1000,
          received: bytesRead - counted.read,
          sent: bytesWritten - counted.written,
        }
        counted.read = bytesRead
        counted.written = bytesWritten
        ended(exchange, request)
      })
    },
  }
}
