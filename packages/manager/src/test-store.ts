import { randomUUID } from 'node:crypto'
import {
  abortError,
  errorCode,
  effectiveCapabilities,
  storageError,
  type CallOptions,
  type Capabilities,
  type Store,
} from '@kit/core'

/** What is tried, in this order. `open` loads plugins and checks options; `write`, `read` and `delete` use one scratch object. */
export type StoreTestStepName = 'open' | 'ping' | 'list' | 'write' | 'read' | 'delete' | 'probe'

export interface StoreTestStep {
  readonly step: StoreTestStepName
  readonly outcome: 'ok' | 'failed' | 'skipped'
  /** How long it took; 0 where it was skipped. */
  readonly ms: number
  /** Why it was skipped. */
  readonly why?: string | undefined
  /** What was thrown. */
  readonly error?: unknown
}

export interface StoreTestOptions extends CallOptions {
  /** Writes, reads and deletes a scratch object `kit-test-…` where the store can do all three. Default: true. */
  readonly write?: boolean | undefined
  /** Also asks the server what it can really do, see `Store.probe`. Default: false. */
  readonly probe?: boolean | undefined
  /** Longest time for a step; one that takes longer fails with Timeout. Default: 30 s. */
  readonly stepMs?: number | undefined
  /** Gets every step as it ends. */
  readonly onStep?: ((step: StoreTestStep) => void) | undefined
}

export interface StoreTest {
  /** No step failed. */
  readonly ok: boolean
  readonly steps: readonly StoreTestStep[]
  /** With `probe`: what the server can do, where it answered. */
  readonly probed?: Capabilities | undefined
}

/** Longest wait for the removal of an object after a failed test. */
const cleanupMs = 10_000

/**
 * Tries a store on the live server, step by step; what cannot be done any more after a failure is skipped. Failures stand in the steps;
 * it rejects only with Aborted. The scratch object is removed whatever happens.
 */
export async function testStore(opening: Promise<Store>, options: StoreTestOptions = {}): Promise<StoreTest> {
  const { signal, requestId, write = true, probe = false, stepMs = 30_000, onStep } = options
  const steps: StoreTestStep[] = []
  const tell = (step: StoreTestStep): void => {
    steps.push(step)
    onStep?.(step)
  }
  const failed = (): boolean => steps.some(({ outcome }) => outcome === 'failed')

  async function attempt<Value>(
    step: StoreTestStepName,
    work: (call: CallOptions) => Promise<Value>,
  ): Promise<Value | undefined> {
    if (failed()) {
      tell({ step, outcome: 'skipped', ms: 0, why: 'an earlier step failed' })
      return undefined
    }
    const limit = AbortSignal.timeout(stepMs)
    const call = { signal: signal === undefined ? limit : AbortSignal.any([signal, limit]), requestId }
    const started = performance.now()
    const ms = (): number => Math.round((performance.now() - started) * 10) / 10
    try {
      const value = await Promise.race([work(call), whenAborted(call.signal)])
      tell({ step, outcome: 'ok', ms: ms() })
      return value
    } catch (error) {
      if (signal?.aborted === true) throw abortError(signal)
      const late = limit.aborted && errorCode(error) === 'Aborted'
      const cause = late
        ? storageError('Timeout', `no answer within ${stepMs} ms`, { operation: step, cause: error })
        : error
      tell({ step, outcome: 'failed', ms: ms(), error: cause })
      return undefined
    }
  }

  const store = await attempt('open', () => opening)
  if (store === undefined) return { ok: false, steps }
  await attempt('ping', (call) => store.ping(call))
  if (store.can('list')) await attempt('list', (call) => firstPage(store, call))
  else tell({ step: 'list', outcome: 'skipped', ms: 0, why: 'the store cannot list' })

  const why = whyNotWritten(store, write)
  if (why === undefined) await tryScratch(store, requestId, attempt)
  else for (const step of ['write', 'read', 'delete'] as const) tell({ step, outcome: 'skipped', ms: 0, why })

  if (!probe) return { ok: !failed(), steps }
  const probed = await attempt('probe', (call) => store.probe(call))
  return { ok: !failed(), steps, probed: probed && effectiveCapabilities(probed) }
}

/** Also where a backend does not heed the signal. */
function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = (): void => reject(abortError(signal))
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
  })
}

function whyNotWritten(store: Store, write: boolean): string | undefined {
  if (!write) return 'nothing was to be written'
  if (!store.can('write')) return 'the store takes no writes'
  if (!store.can('delete')) return 'the store cannot delete, so the scratch object would stay'
  return undefined
}

async function firstPage(store: Store, call: CallOptions): Promise<void> {
  const listing = store.list('', { ...call, limit: 1 })
  const pages = listing.pages()[Symbol.asyncIterator]()
  await pages.next()
  await pages.return?.()
}

type Attempt = <Value>(
  step: StoreTestStepName,
  work: (call: CallOptions) => Promise<Value>,
) => Promise<Value | undefined>

async function tryScratch(store: Store, requestId: string | undefined, attempt: Attempt): Promise<void> {
  const key = `kit-test-${randomUUID()}`
  const text = `Written by a test of the store ${store.name}; may be deleted.\n`
  let gone = false
  try {
    await attempt('write', (call) => store.write(key, text, call))
    await attempt('read', async (call) => {
      await using reading = await store.read(key, call)
      if ((await reading.text({ maxBytes: text.length })) === text) return
      throw storageError('Corrupt', 'what was written is not what was read', { store: store.name, key })
    })
    gone = (await attempt('delete', async (call) => store.delete(key, call).then(() => true))) === true
  } finally {
    // Also after a write that failed: it may have happened.
    if (!gone) await store.delete(key, { requestId, signal: AbortSignal.timeout(cleanupMs) }).catch(() => undefined)
  }
}
