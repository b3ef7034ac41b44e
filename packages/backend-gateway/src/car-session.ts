import { abortError, errorCode, storageError, throwIfAborted, untilAborted, type Bytes, type Context } from '@kit/core'
import { parseCid, type BlockReader } from '@kit/content'
import type { Endpoint } from './endpoint.ts'
import type { CarQuery } from './gateway-client.ts'
import { fetchBlock, mayAskOtherwise, openCar, type Gateway, type OpenCar } from './gateway.ts'
import { recentBlocks } from './recent-blocks.ts'
import { withSignals } from './stall-clock.ts'

/** What a reader walks over while a CAR streams by. */
export interface CarSession extends BlockReader {
  /** Frees the stream; what still waits rejects. */
  close(): void
}

/** Blocks that were passed by and may yet be asked for, in bytes. */
const recentMaxBytes = 8 * 2 ** 20
/** What an endpoint may send that nobody has asked for, before it is given up. */
const uselessMaxBytes = 32 * 2 ** 20
const uselessMaxBlocks = 10_000

interface Waiter {
  readonly resolve: (bytes: Bytes) => void
  readonly reject: (error: unknown) => void
}

/**
 * Serves one walk over a DAG: blocks come from one CAR while it sends those that are asked for, in whatever order within bounds; each that it
 * does not send is fetched by itself. A CAR that breaks off is opened again elsewhere while it is of use.
 *
 * `ask` tells what the CAR is to hold, each time one is opened, by how many bytes of blocks CARs have brought so far; nothing: all else is fetched
 * block by block.
 */
export function carSession(
  gateway: Gateway,
  context: Context,
  path: string,
  ask: (servedBytes: number) => CarQuery | undefined,
): CarSession {
  const recent = recentBlocks(recentMaxBytes)
  const stop = new AbortController()
  const own = withSignals(context, stop.signal)
  const waiting = new Map<string, Waiter[]>()
  const dropped = new Set<Endpoint>()
  let car: OpenCar | undefined
  /** No CAR is of use any more. */
  let exhausted = false
  let servedBytes = 0
  /** Blocks of this CAR that were asked for. */
  let useful = 0
  let uselessBytes = 0
  let uselessBlocks = 0
  let pumping = false
  let closed = false
  let idleTimer: ReturnType<typeof setTimeout> | undefined

  function settle(cid: string, bytes: Bytes): boolean {
    const waiters = waiting.get(cid)
    waiting.delete(cid)
    for (const waiter of waiters ?? []) waiter.resolve(bytes)
    return waiters !== undefined
  }

  function received(cid: string, bytes: Bytes): void {
    recent.add(cid, bytes)
    if (settle(cid, bytes)) {
      useful++
      servedBytes += bytes.byteLength
      uselessBytes = 0
      uselessBlocks = 0
      car?.useful()
      return
    }
    uselessBytes += bytes.byteLength
    if (uselessBytes > uselessMaxBytes || ++uselessBlocks > uselessMaxBlocks) {
      useful = 0
      throw storageError('Unavailable', 'it sends blocks that nobody has asked for')
    }
  }

  /** Opens a CAR at an endpoint that has not disappointed yet. Nothing: the rest is to be fetched block by block. */
  async function open(): Promise<OpenCar | undefined> {
    const query = ask(servedBytes)
    if (query === undefined) return undefined
    const all = await gateway.endpoints(context)
    const able = all.filter((endpoint) => endpoint.car && !dropped.has(endpoint))
    if (able.length === 0) return undefined
    try {
      return await openCar(gateway, own, able, path, query)
    } catch (error) {
      throwIfAborted(own.signal)
      // Asking the same endpoints block by block would only fail again, later.
      if (able.length === all.length && !mayAskOtherwise(error)) throw error
      return undefined
    }
  }

  function disappointed(endpoint: Endpoint, error: unknown): void {
    gateway.scores.failed(endpoint, error)
    context.log('debug', `the CAR of ${path} from ${endpoint.url.host} broke off`, { error: String(error) })
    car?.cancel()
    car = undefined
    // One that was of use and told no lie may go on; another is as likely.
    if (useful === 0 || errorCode(error) === 'Corrupt') dropped.add(endpoint)
    useful = 0
    uselessBytes = 0
    uselessBlocks = 0
  }

  /** A CAR that nobody reads on keeps no connection for ever: it is opened again when somebody does. */
  function idle(): void {
    car?.rest()
    if (car === undefined) return
    const lapse = (): void => {
      car?.cancel()
      car = undefined
    }
    idleTimer = setTimeout(lapse, gateway.timeoutMs).unref()
  }

  /** Pulls the CAR while somebody waits for a block of it. */
  async function pump(): Promise<void> {
    clearTimeout(idleTimer)
    car?.useful()
    while (waiting.size > 0 && !exhausted) {
      car ??= await open()
      if (car === undefined) {
        exhausted = true
        break
      }
      const { endpoint } = car
      try {
        const step = await car.next()
        if (step.done === true) {
          car = undefined
          exhausted = true
        } else received(step.value.cid, step.value.bytes)
      } catch (error) {
        throwIfAborted(own.signal)
        disappointed(endpoint, error)
      }
    }
    idle()
  }

  function drain(): void {
    const left = [...waiting.keys()]
    for (const cid of left) {
      const waiters = waiting.get(cid) ?? []
      waiting.delete(cid)
      fetchBlock(gateway, own, cid).then(
        (bytes) => waiters.forEach((waiter) => waiter.resolve(bytes)),
        (error: unknown) => waiters.forEach((waiter) => waiter.reject(error)),
      )
    }
  }

  function fail(error: unknown): void {
    if (closed) clearTimeout(idleTimer)
    else idle()
    const all = [...waiting.values()].flat()
    waiting.clear()
    for (const waiter of all) waiter.reject(error)
  }

  function run(): void {
    if (pumping) return
    pumping = true
    pump()
      .then(drain, fail)
      .finally(() => {
        pumping = false
        if (waiting.size > 0) run()
      })
  }

  return {
    async get(text, { signal }) {
      throwIfAborted(signal)
      if (closed) throw storageError('Aborted', 'the read has ended')
      const { text: cid } = parseCid(text)
      const held = recent.get(cid)
      if (held !== undefined) return held
      if (exhausted) return await untilAborted(signal, fetchBlock(gateway, own, cid))
      return await untilAborted(
        signal,
        new Promise<Bytes>((resolve, reject) => {
          waiting.set(cid, [...(waiting.get(cid) ?? []), { resolve, reject }])
          run()
        }),
      )
    },
    close() {
      if (closed) return
      closed = true
      exhausted = true
      car?.cancel()
      const ended = storageError('Aborted', 'the read has ended')
      stop.abort(ended)
      fail(context.signal.aborted ? abortError(context.signal) : ended)
    },
  }
}
