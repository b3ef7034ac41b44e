import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { resetSocket } from '../src/proxy/reset-socket.ts'

async function pair(): Promise<{ readonly client: Socket; readonly server: Socket }> {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const client = connect((listener.address() as AddressInfo).port, '127.0.0.1')
  const [server] = (await once(listener, 'connection')) as [Socket]
  onTestFinished(() => {
    for (const each of [client, server, listener]) each.on('error', () => {})
    for (const each of [client, server]) each.destroy()
    listener.close()
  })
  return { client, server }
}

it('breaks a connection so that the other side sees a reset', async () => {
  const { client, server } = await pair()
  resetSocket(server)
  await expect(once(client, 'end')).rejects.toMatchObject({ code: 'ECONNRESET' })
})

it('closes a connection that is just being shut down', async () => {
  const { client, server } = await pair()
  server.resume()
  const closed = once(client, 'close')
  client.end()
  // The shutdown is under way after this turn.
  await Promise.resolve()
  resetSocket(client)
  await closed
  expect(client.destroyed).toBe(true)
})
