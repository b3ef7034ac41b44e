// A client that costs as little as it can, so that the server and not the client is measured: one request, as bytes, again and again.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const headEnd = Buffer.from('\r\n\r\n')

/** One request as it goes over the wire. */
export function requestBytes(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body: Buffer = Buffer.alloc(0),
): Buffer {
  const all = { host: '127.0.0.1', ...(method === 'PUT' ? { 'content-length': String(body.length) } : {}), ...headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`), body])
}

/** Connections that are kept from one run to the next, each with one request under way at a time. */
export class Load {
  readonly #port: number
  readonly #sockets: Socket[] = []

  constructor(port: number) {
    this.#port = port
  }

  /** Sends it `count` times over so many connections. Gives the bytes of all bodies that came back. @throws for any status but 2xx */
  async run(request: Buffer, count: number, connections: number): Promise<number> {
    while (this.#sockets.length < connections) {
      const socket = connect(this.#port, '127.0.0.1').setNoDelay(true)
      await once(socket, 'connect')
      this.#sockets.push(socket)
    }
    let left = count
    let bytes = 0
    const work = async (socket: Socket): Promise<void> => {
      while (left-- > 0) {
        const length = await exchange(socket, request)
        bytes += length
      }
    }
    await Promise.all(this.#sockets.slice(0, connections).map(work))
    return bytes
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
  }
}

/** Gives the length of the answer's body. */
function exchange(socket: Socket, request: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    let head: Buffer = Buffer.alloc(0)
    let missing = -1
    let length = 0
    const done = (error?: Error): void => {
      socket.off('data', take)
      socket.off('close', closed)
      if (error === undefined) resolve(length)
      else reject(error)
    }
    const closed = (): void => done(new Error(`the connection closed after ${head.toString('latin1')}`))
    const take = (chunk: Buffer): void => {
      if (missing >= 0) {
        missing -= chunk.length
        if (missing === 0) done()
        return
      }
      head = head.length === 0 ? chunk : Buffer.concat([head, chunk])
      const end = head.indexOf(headEnd)
      if (end === -1) return
      const text = head.toString('latin1', 0, end)
      if (!text.startsWith('HTTP/1.1 2')) return done(new Error(head.toString('latin1')))
      length = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0)
      missing = length - (head.length - end - headEnd.length)
      if (missing === 0) done()
    }
    socket.on('data', take).on('close', closed)
    socket.write(request)
  })
}
