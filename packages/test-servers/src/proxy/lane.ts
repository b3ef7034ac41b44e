import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Direction, FaultState, Limit } from './faults.ts'
import { resetSocket } from './reset-socket.ts'

/** Read but not yet passed on; beyond it the sender feels backpressure. */
const heldBytes = 1024 * 1024

export interface Lane {
  /** True while a limit holds the bytes back. */
  stalled(): boolean
  /** Resolves when nothing will pass any more. */
  readonly done: Promise<void>
}

interface Piece {
  readonly bytes: Buffer
  /** When it may leave, in milliseconds of `performance.now()`. */
  readonly due: number
}

/** Passes bytes from one socket to the other under the faults in force, and the end of them as well. */
export function openLane(direction: Direction, from: Socket, to: Socket, state: FaultState, ended: () => void): Lane {
  const queue: Piece[] = []
  let held = 0
  let finished = false
  let stalled = false
  let wake = Promise.withResolvers<void>()
  let epoch = -1
  let passed = 0
  const closed = new Promise<void>((resolve) => {
    from.once('close', resolve)
    to.once('close', resolve)
  })
  const gone = (): boolean => to.destroyed || (from.destroyed && !finished)

  from.on('data', (bytes: Buffer) => {
    queue.push({ bytes, due: performance.now() + (state.current.latencyMs ?? 0) })
    held += bytes.length
    if (held > heldBytes) from.pause()
    wake.resolve()
  })
  from.on('end', () => {
    finished = true
    wake.resolve()
    ended()
  })

  /** The limit that has been reached, or how many bytes may pass until it is. */
  function reached(): Limit | number {
    if (epoch !== state.limitEpoch) {
      epoch = state.limitEpoch
      passed = 0
    }
    const limit = state.current.limit
    if (limit === undefined || limit.direction !== direction) return Infinity
    return passed < limit.afterBytes ? limit.afterBytes - passed : limit
  }

  async function stall(limit: Limit): Promise<void> {
    stalled = true
    const { limitEpoch } = state
    // Used up for others, but this connection stays stalled until the limit is set anew or lifted by the test.
    strike(limit)
    while (state.limitEpoch === limitEpoch && !gone()) await Promise.race([state.changed(), closed])
    stalled = false
  }

  function strike(limit: Limit): void {
    if (state.current.limit === limit) state.struck()
  }

  function cut(limit: Limit): void {
    strike(limit)
    if (limit.fate === 'reset') {
      resetSocket(from)
      resetSocket(to)
      return
    }
    to.end()
    // The target is let go at once; a client has to notice and close by itself.
    if (direction === 'down') from.destroy()
  }

  async function pass(piece: Buffer): Promise<void> {
    passed += piece.length
    await new Promise<void>((resolve) => {
      to.write(piece, () => resolve())
    })
    const rate = state.current.bytesPerSecond
    if (rate !== undefined) await Promise.race([sleep((piece.length / rate) * 1000), closed])
  }

  /** What still comes goes nowhere, but the end of it has to be seen. */
  function discard(): void {
    from.removeAllListeners('data')
    from.resume()
  }

  async function run(): Promise<void> {
    while (!gone()) {
      const piece = queue[0]
      if (piece === undefined) {
        if (finished) {
          to.end()
          return
        }
        wake = Promise.withResolvers()
        await Promise.race([wake.promise, closed])
        continue
      }
      const wait = piece.due - performance.now()
      if (wait > 0) await Promise.race([sleep(wait), closed])
      const allowed = reached()
      if (typeof allowed !== 'number') {
        if (allowed.fate !== 'stall') {
          cut(allowed)
          return
        }
        await stall(allowed)
        continue
      }
      // About twenty steps a second under a bandwidth, so that it is felt evenly.
      const step = Math.max(1, Math.ceil((state.current.bytesPerSecond ?? Infinity) / 20))
      const size = Math.min(piece.bytes.length, allowed, step)
      if (size < piece.bytes.length) queue[0] = { bytes: piece.bytes.subarray(size), due: piece.due }
      else queue.shift()
      held -= size
      if (held <= heldBytes) from.resume()
      await pass(piece.bytes.subarray(0, size))
    }
  }
  return { stalled: () => stalled, done: run().finally(discard) }
}
