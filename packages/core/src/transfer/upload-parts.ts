import type { Attributes, UploadToken, WriteConditions } from '../backend/index.ts'
import { errorCode, storageError } from '../errors/index.ts'
import type { CallOptions, Store, StoreEntry } from '../store/index.ts'
import { bothLocal } from './at-once.ts'
import { childSignal } from './child-signal.ts'
import { withPart } from './object-source.ts'
import type { ResumeStore } from './types.ts'

/** Parts of one object sent at once: nothing is waited for between two local stores, and a file is best written from its beginning to its end. */
function partsAtOnce({ from, to }: PartsUpload): number {
  return bothLocal(from, to) ? 1 : 4
}

export interface PartsUpload {
  readonly from: Store
  /** The source as it was looked at when the transfer of it began. */
  readonly entry: StoreEntry
  readonly size: number
  readonly to: Store
  readonly key: string
  readonly options: WriteConditions & Attributes
  readonly resume: ResumeStore
  readonly call: CallOptions
  readonly onBytes: (bytes: number) => void
  /** What was in progress when the run began to look. */
  readonly begun: () => Promise<ReadonlyMap<string, UploadToken>>
}

/** What is saved of an upload in progress: version 1. */
interface Saved {
  readonly version: 1
  /** The state of the source that the parts are of. */
  readonly source: string
  readonly token: UploadToken
}

/** Whether an object can go in parts that another run may go on with. */
export function canUploadInParts(from: Store, entry: StoreEntry, to: Store): boolean {
  const { upload } = to.capabilities
  const { size, etag } = entry
  if (!to.can('upload') || upload === undefined || size === undefined || size === 0 || etag === undefined) return false
  return from.capabilities.read.range === 'native'
}

/**
 * Sends an object in parts, going on where an earlier run of the same source stopped. The token is saved before the first part and removed when
 * the object is there; after a failure it stays. A source that has changed, or an upload that the store does not know any more, begins anew.
 */
export async function uploadInParts(upload: PartsUpload): Promise<StoreEntry> {
  const { resume, to, size, key, options, call } = upload
  const name = nameOf(upload)
  const earlier = await earlierUpload(upload, name)
  if (earlier !== undefined) {
    try {
      return await send(upload, earlier, await to.upload.parts(earlier, call))
    } catch (error) {
      if (errorCode(error) !== 'NotFound' || call.signal?.aborted === true) throw error
      if (await sourceIsGone(upload)) throw error
      await resume.remove(name)
    }
  }
  const sourceVersion = stateOf(upload)
  const token = await to.upload.start(key, { ...options, size, sourceVersion }, call)
  try {
    await save(upload, name, token)
  } catch (error) {
    await to.upload.abort(token, { requestId: call.requestId }).catch(() => undefined)
    throw error
  }
  return send(upload, token, [])
}

/** Lets go of what an earlier run had begun for an object that is there by now. */
export async function forgetUpload(
  ends: Pick<PartsUpload, 'from' | 'entry' | 'to' | 'key' | 'resume' | 'call'>,
): Promise<void> {
  const name = nameOf(ends)
  const text = await ends.resume.load(name)
  if (text === undefined) return
  const saved = parse(text)
  if (saved?.token.key === ends.key) await ends.to.upload.abort(saved.token, ends.call)
  await ends.resume.remove(name)
}

function save({ resume, ...upload }: PartsUpload, name: string, token: UploadToken): Promise<void> {
  const saved: Saved = { version: 1, source: stateOf(upload), token }
  return resume.save(name, JSON.stringify(saved))
}

/**
 * What an earlier run left, where it is of this very state of the source; else it is aborted. One that was begun but not yet saved when its
 * process died is found among the store's uploads, where it lists them.
 */
async function earlierUpload(upload: PartsUpload, name: string): Promise<UploadToken | undefined> {
  const { resume, to, call, key } = upload
  const source = stateOf(upload)
  const text = await resume.load(name)
  const saved = text === undefined ? undefined : parse(text)
  if (saved !== undefined && saved.token.key === key) {
    if (saved.source === source) return saved.token
    await to.upload.abort(saved.token, call).catch(() => undefined)
    await resume.remove(name)
  }
  const begun = (await upload.begun()).get(key)
  if (begun?.sourceVersion !== source) return undefined
  await save(upload, name, begun)
  return begun
}

/** Uploads in progress by the key of what they will be, where the store lists them. */
export async function uploadsBegun(to: Store, call: CallOptions): Promise<ReadonlyMap<string, UploadToken>> {
  const begun = new Map<string, UploadToken>()
  if (to.capabilities.upload?.list !== true) return begun
  for await (const token of to.upload.list(call)) begun.set(token.key, token)
  return begun
}

function parse(text: string): Saved | undefined {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every field is looked at below
    const saved = JSON.parse(text) as Partial<Saved> | null
    const { version, source, token } = saved ?? {}
    if (version !== 1 || typeof source !== 'string' || typeof token !== 'object') return undefined
    return typeof token.key === 'string' && token.partBytes > 0 ? { version, source, token } : undefined
  } catch {
    return undefined
  }
}

/** Names the state of the source. */
function stateOf({ from, entry }: Pick<PartsUpload, 'from' | 'entry'>): string {
  return JSON.stringify([from.type, from.name, entry.key, entry.etag, entry.size])
}

async function sourceIsGone({ from, entry, call }: PartsUpload): Promise<boolean> {
  return from.stat(entry.key, call).then(
    () => false,
    (error: unknown) => errorCode(error) === 'NotFound',
  )
}

async function send(
  upload: PartsUpload,
  token: UploadToken,
  there: readonly { readonly number: number; readonly size: number }[],
): Promise<StoreEntry> {
  const { to, size, resume, call } = upload
  const { partBytes } = token
  const count = Math.ceil(size / partBytes)
  const lengthOf = (number: number): number => Math.min(partBytes, size - (number - 1) * partBytes)
  const sizes = new Map(there.map((part) => [part.number, part.size]))
  const missing: number[] = []
  for (let number = 1; number <= count; number++) {
    if (sizes.get(number) !== lengthOf(number)) missing.push(number)
  }
  await inParallel(missing, partsAtOnce(upload), call.signal, (number, signal) => {
    const start = (number - 1) * partBytes
    const own = { ...call, signal }
    const part = { ...upload, store: upload.from, key: upload.entry.key, call: own }
    return withPart({ ...part, from: start, to: start + lengthOf(number) }, (source) =>
      to.upload.part(token, number, source, own),
    )
  })
  let made: Awaited<ReturnType<Store['upload']['finish']>>
  try {
    made = await to.upload.finish(token, call)
  } catch (error) {
    const code = errorCode(error)
    // The target is not in the state that was asked for, or the parts are not the object: going on would end the same way.
    if (code === 'ConditionFailed' || code === 'AlreadyExists' || code === 'Corrupt' || code === 'InvalidRange') {
      await to.upload.abort(token, { requestId: call.requestId }).catch(() => undefined)
      await resume.remove(nameOf(upload))
    }
    throw error
  }
  await resume.remove(nameOf(upload))
  if (made === undefined) return to.stat(upload.key, call)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the store has checked its name
  return made as StoreEntry
}

/** Of both ends; the state of the source is in the text, so that a changed one finds what it replaces. */
function nameOf({ from, entry, to, key }: Pick<PartsUpload, 'from' | 'entry' | 'to' | 'key'>): string {
  return JSON.stringify(['upload', from.type, from.name, entry.key, to.type, to.name, key])
}

/** Some at once; the first failure ends the others, and is thrown when they have ended. */
async function inParallel(
  numbers: readonly number[],
  atOnce: number,
  parent: AbortSignal | undefined,
  work: (number: number, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const child = childSignal(parent)
  let next = 0
  let failure: { readonly error: unknown } | undefined
  const worker = async (): Promise<void> => {
    for (let number = numbers[next++]; number !== undefined; number = numbers[next++]) {
      if (child.signal.aborted) throw storageError('Aborted', 'cancelled by the caller')
      await work(number, child.signal)
    }
  }
  const guarded = async (): Promise<void> => {
    try {
      await worker()
    } catch (error) {
      failure ??= { error }
      child.abort()
    }
  }
  try {
    await Promise.all(Array.from({ length: Math.min(atOnce, numbers.length) }, guarded))
  } finally {
    child.release()
  }
  if (failure !== undefined) throw failure.error
}
