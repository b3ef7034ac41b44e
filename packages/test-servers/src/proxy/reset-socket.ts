import type { Socket } from 'node:net'

/**
 * Breaks a connection with a TCP RST. One that is just being shut down (`end` was called) cannot be reset: Node would leave it open for
 * ever, without `close`. It is closed instead.
 */
export function resetSocket(socket: Socket): void {
  if (socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}
