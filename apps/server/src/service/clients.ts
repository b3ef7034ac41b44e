/** How much of the server one client takes: requests in progress, of all and of one token or address. */
import { storageError } from '@kit/core'
import { refusal } from '../answers.ts'
import type { Limits } from '../limits.ts'

export interface Clients {
  readonly inProgress: number
  /** A request has come; `leave` is to be called once. */
  enter(): void
  /** It has been told whose it is. @throws RateLimited, Unavailable; it is still to be left */
  admit(client: string): void
  leave(client: string | undefined): void
}

const soonMs = 1_000

export function clients({ maxRequests, maxRequestsPerClient }: Limits): Clients {
  const counts = new Map<string, number>()
  let inProgress = 0
  return {
    get inProgress() {
      return inProgress
    },
    enter() {
      inProgress++
    },
    admit(client) {
      const count = (counts.get(client) ?? 0) + 1
      counts.set(client, count)
      if (inProgress > maxRequests) {
        const busy = storageError('Unavailable', `the server has ${maxRequests} requests in progress already`, {
          retry: 'safe',
          retryAfterMs: soonMs,
        })
        throw busy
      }
      if (count > maxRequestsPerClient) {
        throw storageError('RateLimited', `one client has at most ${maxRequestsPerClient} requests in progress`, {
          retryAfterMs: soonMs,
        })
      }
    },
    leave(client) {
      inProgress--
      if (client === undefined) return
      const count = (counts.get(client) ?? 1) - 1
      if (count === 0) counts.delete(client)
      else counts.set(client, count)
    },
  }
}

/** Refuses what comes when the server is stopping already, and ends the connection. */
export function stopping(): Error {
  return refusal('Unavailable', 'the server is stopping', { status: 503, headers: { connection: 'close' } })
}
