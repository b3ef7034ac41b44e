// A crowd of clients in a process of its own: downloads of a large object, all at once, read to the end.
import { once } from 'node:events'
import { connect } from 'node:net'

export interface Crowd {
  readonly port: number
  readonly path: string
  readonly size: number
  readonly clients: number
}

process.once('message', (crowd: Crowd) => {
  run(crowd).then(
    (bytes) => process.send?.(bytes),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
})

async function run({ port, path, clients }: Crowd): Promise<number> {
  const received = await Promise.all(Array.from({ length: clients }, () => download(port, path)))
  return received.reduce((sum, bytes) => sum + bytes, 0)
}

/** Gives the length of the body. */
async function download(port: number, path: string): Promise<number> {
  const socket = connect(port, '127.0.0.1')
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
  let bytes = 0
  let head = ''
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (head.includes('\r\n\r\n')) return
    head += chunk.toString('latin1', 0, 4096)
  })
  await once(socket, 'close')
  if (!head.startsWith('HTTP/1.1 200')) throw new Error(head)
  return bytes - (head.indexOf('\r\n\r\n') + 4)
}
