import { errorCode, storageError, untilAborted, type Bytes, type Context } from '@kit/core'
import { parseCid } from '@kit/content'
import type { Endpoint } from './endpoint.ts'
import type { CarBlock, CarQuery, GatewayClient } from './gateway-client.ts'
import { race } from './race.ts'
import type { Scores } from './scores.ts'
import { stallClock } from './stall-clock.ts'

/** All configured endpoints as one source of verified blocks. */
export interface Gateway {
  endpoints(context: Context): Promise<readonly Endpoint[]>
  readonly client: GatewayClient
  readonly scores: Scores<Endpoint>
  readonly timeoutMs: number
}

/** Where others could be asked, nobody is waited for longer. */
const patienceMs = 5000
/** The code of an identity hash: such a CID holds its block itself, and nobody need be asked. */
const identity = 0

/** One block from whichever endpoint gives it first, verified. `cid` is canonical text. */
export async function fetchBlock(gateway: Gateway, context: Context, cid: string): Promise<Bytes> {
  const { hash, digest } = parseCid(cid)
  if (hash === identity) return new Uint8Array(digest)
  const { client, scores } = gateway
  const endpoints = await gateway.endpoints(context)
  const { value } = await race(context, endpoints, scores, (own, endpoint) => client.block(own, endpoint, cid))
  return value
}

/** A CAR that has begun: its first block has come, and is the first that `next` gives. */
export interface OpenCar {
  readonly endpoint: Endpoint
  /** Rejects with Timeout where nothing useful came for too long. */
  next(): Promise<IteratorResult<CarBlock, void>>
  /** What came was asked for: the time starts anew. */
  useful(): void
  /** Nobody waits: the time stands still until `useful`. */
  rest(): void
  /** Gives up what is left, without waiting. */
  cancel(): void
}

/** A CAR from whichever of the endpoints sends the first verified block first. The context's signal ends it, at any time. */
export async function openCar(
  gateway: Gateway,
  context: Context,
  endpoints: readonly Endpoint[],
  path: string,
  query: CarQuery,
): Promise<OpenCar> {
  const { client, scores } = gateway
  const timeoutMs = endpoints.length > 1 ? Math.min(patienceMs, gateway.timeoutMs) : gateway.timeoutMs
  const attempt = async (own: Context, endpoint: Endpoint): Promise<OpenCar> => {
    const clock = stallClock(own, timeoutMs, 'no block that was asked for came')
    const blocks = client.car(clock.context, endpoint, path, query)[Symbol.asyncIterator]()
    const cancel = (): void => {
      clock.stop(storageError('Aborted', 'nobody reads on'))
      void Promise.resolve(blocks.return?.()).catch(() => undefined)
    }
    try {
      let first: IteratorResult<CarBlock, void> | undefined = await untilAborted(clock.context.signal, blocks.next())
      if (first.done === true) throw storageError('NotFound', `its CAR of ${path} holds no block`)
      return {
        endpoint,
        next: () => {
          const step = first === undefined ? untilAborted(clock.context.signal, blocks.next()) : Promise.resolve(first)
          first = undefined
          return step
        },
        useful: () => clock.beat(),
        rest: () => clock.rest(),
        cancel,
      }
    } catch (error) {
      cancel()
      throw error
    }
  }
  const { value } = await race(context, endpoints, scores, attempt, (late) => late.cancel())
  return value
}

/** True for failures that another way of asking the same endpoints may not have. */
export function mayAskOtherwise(error: unknown): boolean {
  const code = errorCode(error)
  return (
    code === 'NotFound' || code === 'Corrupt' || code === 'Unsupported' || code === 'TooLarge' || code === 'Unexpected'
  )
}
